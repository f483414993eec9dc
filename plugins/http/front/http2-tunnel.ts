import { SluiceError } from "sluice";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { without } from "../message/body-length.ts";
import { http2Fields } from "../message/http2-fields.ts";
import { acceptOf } from "../message/upgrade-protocol.ts";
import { ConnectStream } from "../exchange/connect-stream.ts";
import type { ExchangePlace } from "./served-exchange.ts";
import type { UpgradeAgreement, TunnelTraffic } from "./tunnel.ts";

const ACCEPT = "sec-websocket-accept";

/** A request of HTTP/2 for another protocol (extended CONNECT, RFC 8441), on its own stream. */
export class Http2Tunnel implements ExchangePlace {
  readonly closing = false;

  /** @param key the Sec-WebSocket-Key for the upstream: HTTP/2 itself has none */
  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly key: string,
  ) {}

  upgraded(upstream: Duplex, { fields }: UpgradeAgreement, over: (passed: TunnelTraffic) => void): void {
    const { stream } = this;
    const accept = fields.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === ACCEPT);
    if (accept >= 0 && fields[accept + 1] !== acceptOf(this.key))
      throw new TypeError("the upstream agreed to something that it was not asked for");
    const headers = http2Fields(without(fields, ACCEPT));
    // With waitForTrailers, Node does not send an end of the stream in front of a reset.
    stream.respond({ ...headers, [constants.HTTP2_HEADER_STATUS]: 200 }, { waitForTrailers: true });
    const isEnded = (): boolean =>
      stream.closed ? stream.rstCode === constants.NGHTTP2_NO_ERROR && stream.writableEnded : stream.readableEnded;
    join(new ConnectStream(stream, { isEnded, side: "client" }), upstream, over);
  }
}

/** Passes data in both directions. Each side ends on its own; an error of one side breaks the other. @param over called once, when both are closed */
function join(client: Duplex, upstream: Duplex, over: (passed: TunnelTraffic) => void): void {
  upstream.on("error", () => undefined);
  const passed = { fromClient: 0, fromUpstream: 0 };
  pass(client, upstream, (bytes) => (passed.fromClient += bytes));
  pass(upstream, client, (bytes) => (passed.fromUpstream += bytes));
  let open = 2;
  const closed = (side: Duplex, other: Duplex, code: "SLUICE_CLIENT_RESET" | "SLUICE_UPSTREAM_RESET"): void => {
    const { errored } = side;
    const isWhole = side.readableEnded && side.writableFinished;
    if (!isWhole && !other.destroyed)
      other.destroy(SluiceError.is(errored) ? errored : new SluiceError(code, "the upgraded connection broke off", { cause: errored }));
    open -= 1;
    if (open === 0) over(passed);
  };
  whenClosed(client, () => closed(client, upstream, "SLUICE_CLIENT_RESET"));
  whenClosed(upstream, () => closed(upstream, client, "SLUICE_UPSTREAM_RESET"));
}

/** Calls a function when a side is closed. It may be closed already, if a hook kept the response for long. */
function whenClosed(side: Duplex, closed: () => void): void {
  if (side.closed) queueMicrotask(closed);
  else side.once("close", closed);
}

function pass(from: Duplex, to: Duplex, count: (bytes: number) => void): void {
  from.on("data", (chunk: Buffer) => {
    count(chunk.length);
    if (!to.destroyed && !to.write(chunk)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.once("end", () => {
    if (!to.destroyed) to.end();
  });
}
