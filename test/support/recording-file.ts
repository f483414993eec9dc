import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";
import { temporaryFolder } from "./real-peer.ts";

/** Writes a recording into a folder of its own. @param exchange entries, one a line, in YAML's flow style or block style @returns its path */
export function recordingOf(cleanup: Cleanup, exchange: readonly string[], transport: "tcp" | "udp" = "tcp"): string {
  const file = join(temporaryFolder(cleanup), "talk.yaml");
  const entries = exchange.map((entry) => `- ${entry}\n`).join("");
  writeFileSync(file, `sluice: recording/1\ntransport: ${transport}\nupstream: 127.0.0.1:9\nexchange:\n${entries}`);
  return file;
}
