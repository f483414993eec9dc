import { SluiceError } from "sluice";
import type { Leg, LegReader, Session } from "sluice";
import { answerStream } from "sluice/flow";
import { randomBytes } from "node:crypto";
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { ByNumber } from "./by-number.ts";
import type { ClientLeg, LegConsumer } from "./client-leg.ts";
import { ClientRequest } from "../exchange/client-request.ts";
import { Deadline } from "../message/deadline.ts";
import { tooLarge } from "../message/body-length.ts";
import { bodyLate, explained, requestRefused } from "../message/failure.ts";
import { DATA, Http2Frames } from "../message/http2-frames.ts";
import { ClientFrames } from "./client-frames.ts";
import { http2Body } from "./http2-body.ts";
import type { FrontConnection } from "./http2-front.ts";
import { askedBy, readHttp2Head, refusalOf, type Http2Head } from "./http2-head.ts";
import { Http2Response, type ResponseOwner } from "./http2-response.ts";
import { Http2Tunnel } from "./http2-tunnel.ts";
import { isWebSocket } from "../message/upgrade-protocol.ts";
import { ServedExchange, type ExchangePlace } from "./served-exchange.ts";
import type { RequestBody } from "../exchange/request-body.ts";
import { UploadSilence } from "./upload-silence.ts";
import type { Serving } from "./serving.ts";
import { PacedBytes } from "../turn/paced-bytes.ts";
import { TurnBudget } from "../turn/turn-budget.ts";

/** The most frames that are read in one turn of the event loop: each costs Node a part of a millisecond, and one read has up to 7,000 of them. */
const MOST_FRAMES = 128;

/** The body of a new request, and the destination of its response. */
interface BegunRequest {
  readonly body: RequestBody | undefined;
  readonly response: Http2Response;
}

/** A client's connection of HTTP/2: Node's server reads it from a stream, and its requests are served at the same time. */
export class Http2Requests implements LegConsumer, LegReader, ExchangePlace, FrontConnection, ResponseOwner {
  readonly done = true;
  readonly closing = false;
  readonly #inner: Leg;
  /** By the numbers of their streams, as the responses are. */
  readonly #active = new ByNumber<ServedExchange>();
  readonly #responses = new ByNumber<Http2Response>();
  readonly #received = new ClientFrames();
  /** Data that Node has accepted may wait for the client's window or for earlier writes; only the frames show what was really sent. */
  readonly #sent = new Http2Frames({
    payload: ({ type, stream }, bytes) => {
      if (type === DATA) this.#responses.get(stream)?.passed(bytes);
    },
    ended: ({ endsStream, stream }) => {
      if (endsStream) this.#responses.get(stream)?.passedEnd();
    },
  });
  readonly #deadline = new Deadline(this);
  readonly #blockDeadline = new Deadline({ expired: () => this.#tooSlow() });
  /** Not the session's own timeout: Node does not stop that one when it destroys the session, and it would keep the connection in memory. */
  readonly #silence = new Deadline({ expired: () => this.#http2?.close() });
  readonly #turn = new TurnBudget(() => this.#beginWaiting());
  readonly #paced = new PacedBytes(
    (part) => {
      this.#inner.write(part);
    },
    () => {
      if (this.#isEnded) this.ended();
      else this.leg.wanted();
    },
  );
  #isEnded = false;
  #waiting: (() => void)[] = [];
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
    return this.#inner.pending + this.#paced.length;
  }

  get isIdle(): boolean {
    return this.#active.size === 0 && this.#waiting.length === 0 && !this.#received.inHeaderBlock && !this.#paced.isBusy;
  }

  begun(session: ServerHttp2Session): void {
    this.#http2 = session;
    this.#moved();
  }

  received(chunk: Buffer): boolean {
    this.#moved();
    const { count } = this.#received;
    this.#received.received(chunk);
    if (!this.#received.inHeaderBlock) this.#blockDeadline.set(0);
    else if (!this.#blockDeadline.isSet) this.#blockDeadline.set(this.serving.options.timeouts.headers);
    const parts = Math.ceil((this.#received.count - count) / MOST_FRAMES);
    if (parts <= 1 && !this.#paced.isBusy) return this.#inner.write(chunk);
    this.#paced.add(chunk, Math.max(1, parts));
    return false;
  }

  /**
   * The client has ended. Node is not told: its session would continue writing to a stream that is being shut down, which ends the process by an
   * assertion.
   */
  ended(): void {
    this.#isEnded = true;
    if (this.#paced.isBusy) return;
    if (this.#active.size === 0 && this.#waiting.length === 0) {
      this.leg.finish();
      return;
    }
    const { halfClosed } = this.serving.options.timeouts;
    if (halfClosed === 0) {
      this.leg.left(this.session, false);
      return;
    }
    this.#http2?.close();
    // It has probably left, but it may still wait for its responses, which cannot exceed its window now.
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
    this.#blockDeadline.stop();
    this.#waiting = [];
    this.#paced.stop();
    this.#inner.destroy();
    // Node would keep the session until its timeout.
    this.#http2?.destroy();
    for (const exchange of this.#active.all) exchange.closed();
    this.#silence.stop();
  }

  #moved(): void {
    if (this.#http2 !== undefined) this.#silence.set(this.serving.options.timeouts.keepAlive);
  }

  expired(): void {
    this.leg.left(this.session, false);
  }

  /** Called for a header block that does not end: nothing else can be read before its end. */
  #tooSlow(): void {
    const error = new SluiceError("SLUICE_CLIENT_TIMEOUT", "a header did not come in time");
    this.serving.refused(this.session, error, 408);
    this.leg.abort(error);
  }

  // Receives the bytes that Node's server sends.
  data(chunk: Buffer): boolean {
    this.#moved();
    this.#sent.passed(chunk);
    const hasRoom = this.leg.send(chunk);
    // Node has given up this connection.
    if (this.#sent.fatal > 0) this.leg.finish();
    return hasRoom;
  }

  end(): void {
    this.leg.finish();
  }

  failed(error: SluiceError): void {
    this.leg.abort(error);
  }

  request(stream: ServerHttp2Stream, fields: readonly string[]): void {
    const { limits } = this.serving.options;
    const head = readHttp2Head(fields, limits);
    const response = new Http2Response(stream, head.method, this);
    const body =
      stream.endAfterHeaders || head.protocol !== undefined
        ? undefined
        : http2Body(stream, response, {
            hasLength: fields.includes("content-length"),
            ending: () => this.#received.endingOf(stream.id ?? 0),
            fields: limits.fields,
            most: limits.body,
          });
    // It is notified of the bytes that are sent.
    if (stream.id !== undefined) this.#responses.add(stream.id, response);
    const begin = (): void => {
      if (!stream.destroyed) this.#begin(head, fields, { body, response });
    };
    if (this.#turn.isSpent) this.#waiting.push(begin);
    else begin();
  }

  gone({ stream: { id } }: Http2Response): void {
    if (id === undefined) return;
    this.#responses.delete(id);
    this.#received.forget(id);
  }

  upgraded(): never {
    throw new TypeError("an upgrade that the client did not ask for");
  }

  #begin(head: Http2Head, fields: readonly string[], { body, response }: BegunRequest): void {
    const { session, serving } = this;
    const { excess } = head;
    this.#turn.begin();
    const most = serving.options.limits.body ?? Infinity;
    // A wrong Content-Length is detected later, while the body comes.
    const isTooLarge = body !== undefined && (body.errored !== null || Number(fields[fields.indexOf("content-length") + 1]) > most);
    if (excess !== undefined || isTooLarge) {
      this.#refuse(requestRefused(excess ?? tooLarge(most)), excess === undefined ? 413 : 431, response);
      return;
    }
    let request: ClientRequest;
    try {
      request = new ClientRequest(session, askedBy(head, fields), body, serving.terms);
    } catch (error) {
      this.#refuse(error as SluiceError, refusalOf(head, error as SluiceError), response);
      return;
    }
    this.#start(request, { body, response });
  }

  #start(request: ClientRequest, { body, response }: BegunRequest): void {
    const exchange = new ServedExchange(request, response, { place: this.#placeOf(request, response), serving: this.serving });
    const { id = 0 } = response.stream;
    this.#active.add(id, exchange);
    request.onEnd(() => {
      this.#active.delete(id);
    });
    if (body !== undefined) this.#follow(body, exchange, response);
    exchange.start();
  }

  /** The place of an exchange. A request for another protocol gets the fields of HTTP/1 (RFC 8441 section 5). */
  #placeOf({ upgrade, headers }: ClientRequest, response: Http2Response): ExchangePlace {
    if (upgrade === undefined) return this;
    const { stream } = response;
    const key = randomBytes(16).toString("base64");
    if (isWebSocket(upgrade)) headers["sec-websocket-key"] = key;
    // When the upstream does not agree, the rest of the stream is not needed.
    response.onSent = () => {
      if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
    };
    return new Http2Tunnel(stream, key);
  }

  /** Watches a body: it may come slowly, but must not stop, and has a size limit. */
  #follow(body: RequestBody, exchange: ServedExchange, { stream }: Http2Response): void {
    const refuse = (error: SluiceError, status: number): void => {
      this.serving.refused(this.session, error, status);
      exchange.refuse(error, status);
    };
    new UploadSilence(stream, this.serving.options.timeouts.request, () => refuse(bodyLate(), 408)).start();
    body.once("error", (error) => {
      if (SluiceError.is(error) && error.code === "SLUICE_HTTP_REQUEST") refuse(error, 413);
    });
  }

  /** Begins requests that had to wait for this turn of the event loop. */
  #beginWaiting(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#turn.isSpent ? undefined : this.#waiting.shift()) next();
  }

  #refuse(error: SluiceError, status: number, response: Http2Response): void {
    const { type, body } = explained(status, error, "");
    response.head(status, ["content-type", type]);
    response.end(Buffer.from(body));
    this.serving.refused(this.session, error, status);
  }
}
