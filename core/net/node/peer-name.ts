import type { Socket } from "node:net";

/** What libuv's getpeername writes into an object. */
export interface PeerName {
  readonly address: string;
  readonly family: string;
  readonly port: number;
}

/** The undocumented handle below a socket. The handle of a unix socket has no peer name. */
export interface NamedHandle {
  getpeername?(into: object): unknown;
}

/** For the next call only: an object that already has the properties costs a third less than an empty one, and sessions need no object each. */
const name = { address: "", family: "", port: 0 };

/** Asks the system. @returns 0 for "connected", else an error number; undefined: the handle cannot tell */
export function askPeer(handle: NamedHandle | null | undefined): number | undefined {
  if (typeof handle?.getpeername !== "function") return undefined;
  const failure = handle.getpeername(name);
  // A TLS socket on a unix socket has the function too, but it returns no number.
  return typeof failure === "number" ? failure : undefined;
}

/** The peer of a connection; undefined if it has no name, as on a unix socket, or is not connected any more. Valid until the next call. */
export function peerName(handle: NamedHandle | null | undefined): PeerName | undefined {
  return askPeer(handle) === 0 ? name : undefined;
}

/** The handle of a socket; none once it is closed. */
export function handleOf(socket: Socket): NamedHandle | null | undefined {
  return (socket as unknown as { readonly _handle?: NamedHandle | null })._handle;
}
