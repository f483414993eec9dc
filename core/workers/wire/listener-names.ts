import type { ResolvedConfig } from "../../contract/index.ts";

/** The listeners of a config, such as `web (tcp)`: all processes must have the same, since the sockets of some are in another process. */
export function listenerNames({ listeners }: ResolvedConfig): readonly string[] {
  return listeners.map(({ name, address }) => `${name} (${address.transport})`).toSorted();
}
