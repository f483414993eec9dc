import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { lendHandle, streamBelow, type LentSocket } from "./lent-handle.ts";

/** An address for documentation (RFC 5737): no socket has it. */
const ADDRESS = "192.0.2.1";

let works: boolean | undefined;

/**
 * Whether TLS can stand on a stream whose handle is given what a socket's has: tried once per process, before the first TLS that is watched. It
 * opens no socket. Where it does not work nobody can watch below TLS, and sessions are as ever. It has no switch, as it is not about speed.
 */
export function canLendHandles(): boolean {
  return (works ??= lends(lendHandle));
}

/** Whether what is asked of a TLS socket on a stream is answered by the socket that was lent. */
export function lends(lend: (secured: TLSSocket, lent: LentSocket) => void): boolean {
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  stream.on("error", () => undefined);
  const secured = new TLSSocket(stream, { isServer: false });
  secured.on("error", () => undefined);
  try {
    return answers(secured, stream, lend);
  } catch {
    return false;
  } finally {
    secured.destroy();
    stream.destroy();
  }
}

interface Below {
  readStart(): number;
  reset(closed: () => void): number;
}

/** Throws where there is nothing of what it asks for. */
function answers(secured: TLSSocket, stream: Duplex, lend: (secured: TLSSocket, lent: LentSocket) => void): boolean {
  let isReset = false;
  let hasEnded = false;
  const getpeername = (into: { address?: string }): number => {
    into.address = ADDRESS;
    return 0;
  };
  const socket = { _handle: { getpeername } } as unknown as Socket;
  lend(secured, { socket, hasEnded: () => hasEnded, reset: () => (isReset = true) });
  const { _parent: below } = (secured as unknown as { readonly _handle: { readonly _parent: Below } })._handle;
  const before = below.readStart();
  hasEnded = true;
  const after = below.readStart();
  below.reset(() => undefined);
  return isReset && before !== 0 && after === 0 && streamBelow(secured) === stream && secured.remoteAddress === ADDRESS;
}
