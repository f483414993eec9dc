import { SluiceError } from "sluice";
import type { Leg, LegReader, Session } from "sluice";
import { answerStream } from "sluice/flow";
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { ClientLeg, LegConsumer } from "./client-leg.ts";
import { ClientRequest } from "./client-request.ts";
import { Deadline } from "./deadline.ts";
import { bodyLate, clientLeft, explained, statusOf } from "./failure.ts";
import { http2Body } from "./http2-body.ts";
import type { FrontConnection } from "./http2-front.ts";
import { Http2Response } from "./http2-response.ts";
import { SentData } from "./sent-data.ts";
import { ServedExchange, type ExchangePlace } from "./served-exchange.ts";
import { UploadSilence } from "./upload-silence.ts";
import type { Serving } from "./serving.ts";

/** A client's connection of HTTP/2: Node's server reads it from a stream, and its requests are served side by side. */
export class Http2Requests implements LegConsumer, LegReader, ExchangePlace, FrontConnection {
  readonly done = true;
  readonly closing = false;
  readonly #inner: Leg;
  readonly #active = new Set<ServedExchange>();
  /** By the numbers of their streams. */
  readonly #responses = new Map<number, Http2Response>();
  readonly #data = new SentData((stream, bytes) => {
    this.#responses.get(stream)?.passed(bytes);
  });
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
    const { halfClosed } = this.serving.options.timeouts;
    if (halfClosed === 0) {
      this.leg.abort(clientLeft());
      return;
    }
    this.#http2?.close();
    // It may wait for its answers, as far as they come without its asking for more; most likely it has left.
    this.#deadline.set(halfClosed);
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
    // Node would keep it until its time-out.
    this.#http2?.destroy();
    for (const exchange of this.#active) exchange.closed();
  }

  expired(): void {
    this.leg.abort(clientLeft());
  }

  // What Node's server sends.
  data(chunk: Buffer): boolean {
    this.#data.passed(chunk);
    return this.leg.send(chunk);
  }

  end(): void {
    this.leg.finish();
  }

  failed(error: SluiceError): void {
    this.leg.abort(error);
  }

  request(stream: ServerHttp2Stream, fields: readonly string[]): void {
    const { session, serving } = this;
    const { method, path, authority } = pseudoFields(fields);
    const response = new Http2Response(stream, method);
    const body = stream.endAfterHeaders ? undefined : http2Body(stream, response, fields.includes("content-length"));
    let request: ClientRequest;
    try {
      const head = { method, target: path, httpVersion: "2.0", fields, authority, isUpgrade: false };
      request = new ClientRequest(session, head, body, serving.terms);
    } catch (error) {
      this.#refuse(error as SluiceError, response);
      return;
    }
    const exchange = new ServedExchange(request, response, { place: this, serving });
    const { id } = stream;
    if (id !== undefined) this.#responses.set(id, response);
    this.#active.add(exchange);
    request.onEnd(() => {
      if (id !== undefined) this.#responses.delete(id);
      this.#active.delete(exchange);
    });
    const silent = (): void => {
      exchange.refuse(bodyLate(), 408);
    };
    if (body !== undefined) new UploadSilence(stream, serving.options.timeouts.request, silent).start();
    exchange.start();
  }

  upgraded(): never {
    throw new TypeError("HTTP/2 has no upgrades");
  }

  #refuse(error: SluiceError, response: Http2Response): void {
    const status = statusOf(error);
    const { type, body } = explained(status, error, "");
    response.head(status, ["content-type", type]);
    response.end(Buffer.from(body));
    this.serving.refused(this.session, error, status);
  }
}

/** What stands for the request line and Host. */
interface PseudoFields {
  readonly method: string;
  readonly path: string;
  readonly authority: string | undefined;
}

/** They come before all others (RFC 9113 section 8.3). */
function pseudoFields(fields: readonly string[]): PseudoFields {
  let method = "";
  let path = "";
  let authority: string | undefined;
  for (let at = 0; fields[at]?.startsWith(":") === true; at += 2) {
    if (fields[at] === ":method") method = fields[at + 1] ?? "";
    else if (fields[at] === ":path") path = fields[at + 1] ?? "";
    else if (fields[at] === ":authority") authority = fields[at + 1];
  }
  return { method, path, authority };
}
