import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Endpoint, WireTap } from "../../contract/index.ts";
import { StreamLeg } from "../legs/stream-leg.ts";
import { belowTls } from "../legs/wire-stream.ts";
import { agreeOnTls } from "./agree-on-tls.ts";
import type { UpstreamTls } from "./upstream-tls.ts";

const nothing = Buffer.alloc(0);

/** What TLS towards an endpoint needs, and who is told. */
export interface HandshakeContext {
  readonly endpoint: Endpoint;
  /** The address and port, or the path, that the socket is connected to. */
  readonly place: string;
  /** Protocols to offer (ALPN) instead of the upstream's own. */
  readonly protocols: readonly string[] | undefined;
  /** The observer of the encrypted bytes, if there is one. */
  wire(): Required<WireTap> | undefined;
  /** A part of the handshake begins. @param phase its name in messages */
  began(phase: string): void;
  /** @param protocol the one that was agreed on; empty: none */
  opened(leg: StreamLeg, protocol: string): void;
  failed(error: unknown): void;
}

/**
 * Begins TLS on a connected socket, at once or after the upstream has agreed to it in the words of its protocol.
 *
 * @returns gives it up, and destroys the sockets
 */
export function handshake(socket: Socket, tls: UpstreamTls, context: HandshakeContext): () => void {
  if (tls.startTls === undefined) return secure(socket, tls, nothing, context);
  context.began(`the agreement on TLS (${tls.startTls})`);
  let giveUp: () => void;
  const stop = agreeOnTls(socket, tls.startTls, (greeting, error) => {
    if (greeting === undefined) context.failed(error);
    else giveUp = secure(socket, tls, greeting, context);
  });
  giveUp = () => {
    stop();
    socket.destroy();
  };
  return () => giveUp();
}

/** @param greeting bytes that the upstream sent before TLS, for the client */
function secure(socket: Socket, tls: UpstreamTls, greeting: Buffer, context: HandshakeContext): () => void {
  context.began("the TLS handshake");
  const { endpoint, place, protocols } = context;
  let secured: TLSSocket;
  try {
    secured = tls.wrap(belowTls(socket, endpoint.text, context.wire()), { host: endpoint.host, place }, protocols);
  } catch (error) {
    // This runs in an event of the socket, where nobody else catches it.
    socket.destroy();
    context.failed(error);
    return () => undefined;
  }
  const onError = (error: unknown): void => context.failed(error);
  // Never removed: an error may also follow an abort.
  secured.on("error", onError);
  secured.once("secureConnect", () => {
    const leg = new StreamLeg(secured, "upstream", endpoint.text);
    leg.putBack(greeting);
    secured.off("error", onError);
    context.opened(leg, typeof secured.alpnProtocol === "string" ? secured.alpnProtocol : "");
  });
  return () => {
    secured.destroy();
    socket.destroy();
  };
}
