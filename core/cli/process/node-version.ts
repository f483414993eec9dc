import type { Logger } from "../../contract/index.ts";

/** Says once per start that the Node below gets no security fixes any more. Source: the schedule of nodejs/Release. */
export function warnOfOldNode(logger: Logger, version = process.versions.node): void {
  if (Number.parseInt(version, 10) > 20) return;
  logger.warn(`Node ${version} is past its end of life (April 2026) and gets no security fixes: Node 22 and 24 do`);
}
