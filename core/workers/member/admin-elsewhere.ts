import type { SocketAddress } from "../../contract/index.ts";
import type { Companion } from "../../runtime/proxy/companion.ts";

/** Stands for the admin server, which the first process has: no session may have its address as upstream. */
export function adminElsewhere(address: () => SocketAddress | undefined): Companion {
  const nothing = { begin: () => undefined };
  return {
    get address() {
      return address();
    },
    url: undefined,
    prepare: () => Promise.resolve(nothing),
    close: () => Promise.resolve(),
  };
}
