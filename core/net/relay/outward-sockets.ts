import type { SocketAddress } from "../../contract/index.ts";
import { restingSockets } from "../node/resting-sockets.ts";
import type { UdpBuffers } from "../node/udp-socket.ts";
import { RelaySocket } from "./relay-socket.ts";

/** The sockets from which a relay sends to its targets: one for each address family, opened when it is first needed. */
export class OutwardSockets {
  readonly #open = new Map<4 | 6, RelaySocket>();
  readonly #opening = new Map<4 | 6, Promise<RelaySocket | undefined>>();
  #isClosed = false;

  constructor(
    private readonly buffers: () => UdpBuffers,
    private readonly read: (datagram: Buffer, from: SocketAddress) => void,
  ) {}

  /** @returns a promise of undefined if no socket could be bound; the next datagram tries again */
  of(family: 4 | 6): RelaySocket | Promise<RelaySocket | undefined> {
    const open = this.#open.get(family) ?? this.#opening.get(family);
    if (open !== undefined) return open;
    const opening = this.#bind(family).finally(() => this.#opening.delete(family));
    this.#opening.set(family, opening);
    return opening;
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open.values()) retire(socket);
    this.#open.clear();
  }

  async #bind(family: 4 | 6): Promise<RelaySocket | undefined> {
    if (!restingSockets.admits()) return undefined;
    restingSockets.opened();
    try {
      const socket = await RelaySocket.bind({ family, buffers: this.buffers(), read: this.read });
      if (this.#isClosed) retire(socket);
      else this.#open.set(family, socket);
      return socket;
    } catch {
      // No descriptor is free, or the machine has no address of the family: the datagrams are dropped and counted.
      restingSockets.left();
      return undefined;
    }
  }
}

/** Lets a socket rest, so that its port does not go to another flow at once, which would get the answers that come late. */
function retire({ socket, used }: RelaySocket): void {
  restingSockets.left();
  if (used) restingSockets.rest(socket);
  else socket.close();
}
