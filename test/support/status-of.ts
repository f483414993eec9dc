import { join } from "node:path";
import { askControl } from "../../core/net/control/ask-control.ts";
import type { ProxyStatus } from "../../core/runtime/proxy/proxy-status.ts";
import type { CliFolder } from "./cli.ts";

/** What `sluice status` asks the proxy of a folder's config, without a process for the question. */
export async function statusOf(folder: CliFolder): Promise<ProxyStatus> {
  return (await askControl(join(folder.path, "proxy.config.ts"), "status", 10_000)) as ProxyStatus;
}
