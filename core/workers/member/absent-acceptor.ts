import type { SocketAddress } from "../../contract/index.ts";
import type { BoundSocket } from "../../net/accept/bound-socket.ts";

/** Stands for a socket that another worker has. No client comes to it here. */
export class AbsentAcceptor implements BoundSocket {
  constructor(public local: SocketAddress) {}

  accept(): void {
    // No client comes.
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
