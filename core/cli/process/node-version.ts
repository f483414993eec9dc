import type { Logger } from "../../contract/index.ts";

/** Warns at the start when this version of Node gets no more security fixes. Source: the schedule of nodejs/Release. */
export function warnOfOldNode(logger: Logger): void {
  const version = process.versions.node;
  if (Number.parseInt(version, 10) > 20) return;
  logger.warn(`Node ${version} is past its end of life (April 2026) and gets no security fixes: Node 22 and 24 do`);
}
