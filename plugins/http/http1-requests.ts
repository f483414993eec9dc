import { SluiceError } from "sluice";
import type { Session } from "sluice";
import type { Duplex } from "node:stream";
import { BodyIntake } from "./body-intake.ts";
import type { ClientLeg, LegConsumer } from "./client-leg.ts";
import { ClientRequest } from "./client-request.ts";
import { Deadline } from "./deadline.ts";
import { bodyLate, clientLeft, rawFailure, statusOf } from "./failure.ts";
import { HalfClosed } from "./half-closed.ts";
import { HeldBytes } from "./held-bytes.ts";
import { Http1Response, type ResponseWriter } from "./http1-response.ts";
import type { RequestBody } from "./request-body.ts";
import { RequestParser } from "./request-parser.ts";
import { ServedExchange, type ExchangePlace } from "./served-exchange.ts";
import type { Serving } from "./serving.ts";
import { Tunnel, type Tunnelled } from "./tunnel.ts";

/** Bytes that wait before the client is stopped. Up to here its leaving is seen at once. */
const ENOUGH = 64 * 1024;

/** A client's connection of HTTP/1: its requests are read from the session's own chunks, and served one after the other. */
export class Http1Requests implements LegConsumer, ExchangePlace, ResponseWriter {
  readonly #parser: RequestParser;
  readonly #deadline = new Deadline(this);
  /** What came behind a request that is not answered yet. */
  readonly #held = new HeldBytes();
  /** Its header has come. The request begins with as much of the body as came with that: often it is all. */
  #isNew = false;
  #exchange: ServedExchange | undefined;
  #response: Http1Response | undefined;
  #isClosing = false;
  #isInputEnded = false;
  /** The request was answered, though it has not come to its end. */
  #isAnswered = false;
  /** Nothing more is read. */
  #isOver = false;
  /** It is being read: what comes or ends within that has to wait. */
  #isReading = false;
  #tunnel: Tunnel | undefined;
  /** The header of the next request has begun, and has its time. */
  #isTimed = false;
  readonly #halfClosed = new HalfClosed();
  readonly #body: BodyIntake;

  constructor(
    private readonly session: Session,
    private readonly leg: ClientLeg,
    private readonly serving: Serving,
  ) {
    this.#parser = new RequestParser(serving.options.limits);
    // What is behind a body has to wait all the same.
    this.#body = new BodyIntake(() => {
      if (this.#held.length < ENOUGH) leg.wanted();
      if (!this.#isOver) this.#timeInput();
    });
  }

  get pending(): number {
    return this.#held.length + this.#body.pending;
  }

  get isFull(): boolean {
    return this.leg.isStopped;
  }

  get closing(): boolean {
    // What follows a request for a WebSocket may be one, though there is none.
    return this.#isClosing || this.#parser.isUpgrade;
  }

  received(chunk: Buffer): boolean {
    if (this.#isReading || this.#held.length > 0) this.#held.push(chunk);
    else this.#readOn(chunk);
    return this.#isOver || this.pending < ENOUGH;
  }

  ended(): void {
    this.#isInputEnded = true;
    this.#settle();
  }

  drained(): void {
    this.#response?.drained();
  }

  retire(): void {
    this.#isClosing = true;
    // A request that has begun to come is under way, too.
    if (this.#exchange === undefined && (this.#isAnswered || !this.#parser.isBegun)) this.#finish();
  }

  closed(): void {
    this.#isOver = true;
    this.#held.clear();
    this.#deadline.stop();
    this.#response?.closed();
    this.#body.destroy();
  }

  expired(): void {
    const { isBegun } = this.#parser;
    if (isBegun) this.#refuse(bodyLate(), 408);
    else if (this.#exchange === undefined) this.#finish();
    else this.#checkHalfClosed(this.#exchange);
  }

  #checkHalfClosed(exchange: ServedExchange): void {
    if (exchange.isWaiting || (this.#halfClosed.isStill() && !this.leg.isStopped)) this.leg.abort(clientLeft());
    else this.#deadline.set(this.serving.options.timeouts.halfClosed);
  }

  send(chunk: Buffer): boolean {
    this.#halfClosed.sent();
    return this.leg.send(chunk);
  }

  abort(error: SluiceError): void {
    this.leg.abort(error);
  }

  answered(isKept: boolean): void {
    this.#exchange = undefined;
    this.#response = undefined;
    this.#isAnswered = true;
    if (!isKept || this.#isClosing) this.#finish();
    // Whoever was told of the end may have ended the session.
    else if (this.#parser.isWhole && !this.#isOver) this.#next();
  }

  upgraded(upstream: Duplex, fields: readonly string[], over: (passed: Tunnelled) => void): void {
    const tunnel = new Tunnel(this.leg, upstream, over);
    tunnel.open(fields);
    this.#isOver = true;
    this.#deadline.stop();
    this.#tunnel = tunnel;
    // What came with the request is known only once reading stops.
    if (!this.#isReading) this.#handOver(tunnel);
  }

  #handOver(tunnel: Tunnel): void {
    for (let chunk = this.#held.shift(); chunk !== undefined; chunk = this.#held.shift()) tunnel.received(chunk);
    if (this.#isInputEnded) tunnel.ended();
    else this.leg.wanted();
  }

  /** Reads up to the end of a request that has to be answered before what follows. */
  #readOn(first: Buffer | undefined): void {
    this.#isReading = true;
    for (let chunk = first; chunk !== undefined; chunk = this.#isOver || this.#isServed() ? undefined : this.#held.shift())
      this.#read(chunk);
    this.#isReading = false;
    if (this.#isOver) {
      if (this.#tunnel === undefined) this.#held.clear();
      else this.#handOver(this.#tunnel);
      return;
    }
    this.#timeInput();
    this.#settle();
  }

  #read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#isOver && !this.#isServed()) at = this.#step(chunk, at);
    if (!this.#isOver) this.#deliver();
    if (at < chunk.length) this.#held.unshift(at === 0 ? chunk : chunk.subarray(at));
  }

  /** @returns where to go on */
  #step(chunk: Buffer, at: number): number {
    const parser = this.#parser;
    const next = parser.read(chunk, at);
    if (parser.refusal !== undefined) {
      this.#refuse(new SluiceError("SLUICE_HTTP_REQUEST", parser.refusal.detail), parser.refusal.status);
      return next;
    }
    if (parser.isHead) this.#isNew = true;
    if (parser.piece !== undefined) this.#body.take(parser.piece);
    if (parser.isWhole) this.#received();
    return next;
  }

  /** Passes on what has come. */
  #deliver(): void {
    if (this.#isNew) this.#begin(this.#body.came());
    else this.#body.deliver();
  }

  /** What came is whole, and must be answered first. */
  #isServed(): boolean {
    return this.#exchange !== undefined && this.#parser.isWhole;
  }

  /** @param came of the body */
  #begin(came: Buffer | undefined): void {
    const { method, minor, isLast, isWhole } = this.#parser;
    this.#isNew = false;
    this.#isTimed = false;
    const request = this.#requestOf(this.#isReady(came) ? came : this.#beginBody(came));
    if (request === undefined) return;
    this.#deadline.set(isWhole ? 0 : this.serving.options.timeouts.request);
    this.#response = new Http1Response(this, { method, minor, isLast }, this.serving.keepAlive);
    this.#exchange = new ServedExchange(request, this.#response, { place: this, serving: this.serving });
    this.#exchange.start();
  }

  /** Whether all of a body is there, and short enough to be sent with the header. */
  #isReady(came: Buffer | undefined): boolean {
    const { isWhole, trailers } = this.#parser;
    return isWhole && trailers.length === 0 && (came?.length ?? 0) <= this.serving.options.limits.replay;
  }

  #beginBody(came: Buffer | undefined): RequestBody {
    const body = this.#body.begin(came);
    if (this.#parser.isWhole) this.#body.end(this.#parser.trailers);
    return body;
  }

  /** Undefined where it is refused. */
  #requestOf(body: RequestBody | Buffer | undefined): ClientRequest | undefined {
    const { method, target, minor, fields, isUpgrade } = this.#parser;
    const head = { method, target, httpVersion: minor === 1 ? "1.1" : "1.0", fields, authority: undefined, isUpgrade };
    try {
      return new ClientRequest(this.session, head, body, this.serving.terms);
    } catch (error) {
      this.#refuse(error as SluiceError, statusOf(error as SluiceError));
      return undefined;
    }
  }

  /** A request has come to its end. */
  #received(): void {
    const isNew = this.#isNew;
    this.#deliver();
    if (isNew) return;
    this.#body.end(this.#parser.trailers);
    if (this.#exchange === undefined) this.#next();
    else this.#deadline.set(0);
  }

  /** The request is whole and answered: on to the next. */
  #next(): void {
    this.#parser.next();
    this.#isAnswered = false;
    this.#deadline.set(this.serving.options.timeouts.keepAlive);
    if (this.#isReading) return;
    this.#readOn(this.#held.shift());
    if (!this.#isOver && this.pending < ENOUGH) this.leg.wanted();
  }

  /** Once the client has finished sending: ends when nothing is left to be served. */
  #settle(): void {
    if (!this.#isInputEnded || this.#isReading || this.#isOver || this.#held.length > 0) return;
    if (this.#parser.isBegun) this.#refuse(new SluiceError("SLUICE_HTTP_REQUEST", "the request ends before it is whole"), 400);
    else if (this.#exchange === undefined) this.#finish();
    else this.#ended();
  }

  /** The client may have left, or wait for its answer: both begin with a FIN. What was answered whole is sent in either case. */
  #ended(): void {
    const { halfClosed } = this.serving.options.timeouts;
    if (halfClosed > 0) this.#deadline.set(halfClosed);
    else if (this.#response?.isEnding !== true) this.leg.abort(clientLeft());
  }

  /** A header that has begun has to come in time, and so has its beginning. A body may come slowly, but not stop, unless its client was told to wait. */
  #timeInput(): void {
    const { headers, keepAlive, request } = this.serving.options.timeouts;
    if (this.#parser.isInBody) this.#deadline.set(this.pending < ENOUGH ? request : 0);
    else if (this.#exchange !== undefined || this.#isTimed) return;
    else if (this.#parser.isBegun) {
      this.#isTimed = true;
      this.#deadline.set(headers);
    } else if (!this.#deadline.isSet) this.#deadline.set(keepAlive);
  }

  /** Nothing more is served: says why. */
  #refuse(error: SluiceError, status: number): void {
    this.#isOver = true;
    this.#isClosing = true;
    this.#held.clear();
    this.#deadline.stop();
    this.serving.refused(this.session, error, status);
    // The body broke off: there will be no better answer to its request.
    if (this.#exchange !== undefined) this.#exchange.refuse(error, status);
    else {
      if (!this.#isAnswered) this.leg.send(Buffer.from(rawFailure(status, error), "latin1"));
      this.leg.finish();
    }
    this.#body.destroy();
  }

  #finish(): void {
    this.#isOver = true;
    this.#held.clear();
    this.#deadline.stop();
    this.leg.finish();
  }
}
