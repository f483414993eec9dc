import type { ClientHttp2Session, Http2Stream, IncomingHttpHeaders } from "node:http2";
import { WebSocket } from "ws";
import { eventOf } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";

/** What the package ws makes of any stream; its types leave these out. */
interface Raw {
  _isServer: boolean;
  setSocket(stream: Http2Stream, head: Buffer, options: object): void;
}

/** A WebSocket of the package ws on a stream of HTTP/2 that has agreed on it. */
export function webSocketOn(cleanup: Cleanup, stream: Http2Stream, side: "client" | "server"): WebSocket {
  const socket = new WebSocket(null as never, undefined, { autoPong: true, closeTimeout: 30_000 } as object);
  const raw = socket as unknown as Raw;
  // oxlint-disable-next-line no-underscore-dangle -- there is no other way
  raw._isServer = side === "server";
  socket.on("error", () => undefined);
  raw.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 2 ** 26 });
  cleanup.add(() => socket.terminate());
  return socket;
}

/** A request for another protocol, once it was answered (RFC 8441). */
export interface Connected {
  readonly stream: Http2Stream;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Asks for another protocol on a stream of its own. */
export async function connectOn(
  session: ClientHttp2Session,
  protocol: string,
  { path = "/", headers = {} }: { readonly path?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Connected> {
  // A server says in its SETTINGS that it takes them.
  if (session.remoteSettings.enableConnectProtocol !== true) await eventOf(session, "remoteSettings");
  const all = { ":method": "CONNECT", ":protocol": protocol, ":path": path, ":scheme": "http", ":authority": "localhost", ...headers };
  const stream = session.request(all, { endStream: false });
  stream.on("error", () => undefined);
  const [answer] = (await eventOf(stream, "response")) as [IncomingHttpHeaders];
  return { stream, status: Number(answer[":status"]), headers: answer };
}
