import path from "node:path";
import { serveMcp } from "../../admin/mcp/serve-mcp.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { untilStopped } from "../watch/until-stopped.ts";

/** `sluice mcp`: serves the Model Context Protocol on standard input and output, until the other side closes them. */
export async function mcp({ config }: CommandOptions): Promise<number> {
  await serveMcp(path.resolve(config), untilStopped());
  return 0;
}
