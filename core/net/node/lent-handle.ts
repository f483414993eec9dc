import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** What TLS stands on, where that is a stream over a socket. */
export interface LentSocket {
  readonly socket: Socket;
  /** The connection has ended, and TLS has been told. */
  readonly hasEnded: () => boolean;
  /** It is about to be closed, and the peer is to see RST. */
  readonly reset: () => void;
}

type Methods = Record<string, (...values: unknown[]) => unknown>;

interface WithHandle {
  readonly _handle?: Methods | null;
}

/** What Node makes of a stream, to look like a socket. */
interface Wrap extends WithHandle {
  readonly stream?: object;
}

/** A TLS socket: what Node has made of the stream below it, and where others look for it. */
interface Secured {
  readonly _handle?: { readonly _parentWrap?: Wrap } | null;
  _parent?: object;
}

/** What a TLS socket passes on to the handle below it, and a stream's has not. */
const passedOn = ["getpeername", "getsockname", "setKeepAlive", "setNoDelay"] as const;
/** libuv's UV_EALREADY: it reads already. */
const READS_ALREADY = -114;

/**
 * Gives the handle of a stream below TLS what that of a socket has, so that everything that looks below a TLS socket (its addresses, `wasReset`,
 * `watchTruncation`, `resetSocket`) finds what it finds where TLS stands on the socket itself. Undocumented, as those are.
 */
export function lendHandle(secured: TLSSocket, { socket, hasEnded, reset }: LentSocket): void {
  const top = secured as unknown as Secured;
  const { _parentWrap: wrap } = top._handle ?? {};
  const handle = wrap?._handle;
  if (wrap === undefined || handle === undefined || handle === null) return;
  top._parent = wrap;
  const below = socket as unknown as WithHandle;
  for (const name of passedOn) handle[name] = (...values) => below._handle?.[name]?.(...values);
  // `watchTruncation` asks by these: the answer is 0 where reading had stopped because of the end.
  handle["readStart"] = () => (hasEnded() ? 0 : READS_ALREADY);
  handle["readStop"] = () => 0;
  handle["reset"] = (closed) => {
    reset();
    handle["close"]?.(closed);
    return 0;
  };
}

/** The stream that a TLS socket stands on, where it is not a socket; undefined once it is closed. */
export function streamBelow(secured: TLSSocket): object | undefined {
  const { _parentWrap: wrap } = (secured as unknown as Secured)._handle ?? {};
  return wrap?.stream;
}
