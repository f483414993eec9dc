import type { SocketAddress } from "../../contract/index.ts";
import type { Bound } from "../../net/accept/bound.ts";

/** The place of a socket that another worker has: nobody comes to it here. */
export class AbsentAcceptor implements Bound {
  constructor(public local: SocketAddress) {}

  accept(): void {
    // Nobody comes.
  }

  configure(): void {
    // Nothing to configure.
  }

  adopt(): void {
    // There are no flows.
  }

  close(): void {
    // It is not open.
  }

  async reopen(): Promise<void> {
    return Promise.resolve();
  }
}
