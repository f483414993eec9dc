import { SluiceError } from "sluice";
import type { Leg, LegReader, Session } from "sluice";
import { answerStream } from "sluice/flow";
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from "node:http2";
import type { ClientLeg, LegConsumer } from "./client-leg.ts";
import { ClientRequest } from "./client-request.ts";
import { Deadline } from "./deadline.ts";
import { statusOf } from "./failure.ts";
import type { FrontConnection } from "./http2-front.ts";
import { Http2Response } from "./http2-response.ts";
import { ServedExchange, type ExchangePlace } from "./served-exchange.ts";
import type { Serving } from "./serving.ts";

/** A client's connection of HTTP/2: Node's server reads it from a stream, and its requests are served side by side. */
export class Http2Requests implements LegConsumer, LegReader, ExchangePlace, FrontConnection {
  readonly done = true;
  readonly closing = false;
  readonly #inner: Leg;
  readonly #active = new Set<ServedExchange>();
  readonly #deadline = new Deadline(this);
  #http2: ServerHttp2Session | undefined;

  constructor(
    private readonly session: Session,
    private readonly leg: ClientLeg,
    private readonly serving: Serving,
  ) {
    const { leg: inner } = answerStream(
      "http",
      (stream) => {
        serving.http2.serve(this, stream);
      },
      session,
    );
    const wanted = (): void => {
      leg.wanted();
    };
    inner.onDrain = wanted;
    this.#inner = inner;
    inner.read(this);
  }

  get pending(): number {
    return this.#inner.pending;
  }

  begun(session: ServerHttp2Session): void {
    this.#http2 = session;
  }

  received(chunk: Buffer): boolean {
    return this.#inner.write(chunk);
  }

  /** Node is not told: its session would go on writing to a stream that it has begun to shut down, which ends the process by an assertion. */
  ended(): void {
    if (this.#active.size === 0) {
      this.leg.finish();
      return;
    }
    this.#http2?.close();
    // It may wait for its answers, as far as they come without its asking for more; most likely it has left.
    this.#deadline.set(this.serving.options.timeouts.halfClosed);
  }

  drained(): void {
    this.#inner.resume();
  }

  retire(): void {
    this.#http2?.close();
  }

  closed(): void {
    this.#deadline.stop();
    this.#inner.destroy();
    for (const exchange of this.#active) exchange.closed();
  }

  expired(): void {
    this.leg.abort();
  }

  // What Node's server sends.
  data(chunk: Buffer): boolean {
    return this.leg.send(chunk);
  }

  end(): void {
    this.leg.finish();
  }

  failed(error: SluiceError): void {
    this.leg.abort(error);
  }

  request(incoming: Http2ServerRequest, outgoing: Http2ServerResponse): void {
    const { session, serving } = this;
    const hasBody = !incoming.stream.endAfterHeaders;
    let request: ClientRequest;
    try {
      const { method, url, rawHeaders, authority } = incoming;
      const head = { method, target: url, httpVersion: "2.0", fields: rawHeaders, authority, isUpgrade: false };
      request = new ClientRequest(session, head, hasBody ? incoming : undefined, serving.options.limits.replay);
    } catch (error) {
      this.#refuse(error as SluiceError, outgoing);
      return;
    }
    const exchange = new ServedExchange(request, new Http2Response(outgoing), { place: this, serving });
    this.#active.add(exchange);
    request.onEnd(() => {
      this.#active.delete(exchange);
    });
    exchange.start();
  }

  upgraded(): never {
    throw new TypeError("HTTP/2 has no upgrades");
  }

  #refuse(error: SluiceError, outgoing: Http2ServerResponse): void {
    outgoing.writeHead(statusOf(error), { "content-type": "text/plain; charset=utf-8" });
    outgoing.end(`${error.detail} (${error.code})\n`);
    this.serving.refused(this.session, error, statusOf(error));
  }
}
