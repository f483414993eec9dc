import { SluiceError } from "sluice";
import type { Session } from "sluice";
import type { Duplex } from "node:stream";
import type { ClientLeg, LegConsumer } from "./client-leg.ts";
import { ClientRequest } from "./client-request.ts";
import { Deadline } from "./deadline.ts";
import { rawFailure, statusOf } from "./failure.ts";
import { HeldBytes } from "./held-bytes.ts";
import { Http1Response, type ResponseWriter } from "./http1-response.ts";
import { RequestBody } from "./request-body.ts";
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
  #body: RequestBody | undefined;
  /** Of a body whose request has not begun. */
  #early: Buffer[] | undefined;
  #exchange: ServedExchange | undefined;
  #response: Http1Response | undefined;
  #isClosing = false;
  #isInputEnded = false;
  /** Nothing more is read. */
  #isOver = false;
  #isReading = false;
  /** The header of the next request has begun, and has its time. */
  #isTimed = false;

  constructor(
    private readonly session: Session,
    private readonly leg: ClientLeg,
    private readonly serving: Serving,
  ) {
    this.#parser = new RequestParser(serving.options.limits);
  }

  get pending(): number {
    return this.#held.length + (this.#body?.readableLength ?? 0);
  }

  get closing(): boolean {
    // What follows a request for a WebSocket may be one, though there is none.
    return this.#isClosing || this.#parser.isUpgrade;
  }

  received(chunk: Buffer): boolean {
    if (this.#isReading || this.#held.length > 0) this.#held.push(chunk);
    else this.#read(chunk);
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
    if (this.#exchange === undefined && !this.#parser.isBegun) this.#finish();
  }

  closed(): void {
    this.#isOver = true;
    this.#held.clear();
    this.#deadline.stop();
    this.#response?.closed();
    this.#body?.destroy();
  }

  expired(): void {
    const { isBegun } = this.#parser;
    if (isBegun) this.#refuse(new SluiceError("SLUICE_CLIENT_TIMEOUT", "the request did not come in time"), 408);
    else if (this.#exchange === undefined) this.#finish();
    // The client finished sending, and has most likely left.
    else if (this.#exchange.isWaiting) this.leg.abort();
  }

  send(chunk: Buffer): boolean {
    return this.leg.send(chunk);
  }

  abort(error: SluiceError): void {
    this.leg.abort(error);
  }

  answered(isKept: boolean): void {
    this.#exchange = undefined;
    this.#response = undefined;
    if (!isKept || this.#isClosing) this.#finish();
    else if (this.#parser.isWhole) this.#next();
  }

  upgraded(upstream: Duplex, fields: readonly string[], over: (passed: Tunnelled) => void): void {
    const tunnel = new Tunnel(this.leg, upstream, over);
    tunnel.open(fields);
    this.#isOver = true;
    this.#deadline.stop();
    for (let chunk = this.#held.shift(); chunk !== undefined; chunk = this.#held.shift()) tunnel.received(chunk);
    if (this.#isInputEnded) tunnel.ended();
    else this.leg.wanted();
  }

  /** Reads up to the end of a request that has to be answered before what follows. */
  #read(chunk: Buffer): void {
    this.#isReading = true;
    let at = 0;
    while (at < chunk.length && !this.#isOver && !this.#isServed()) at = this.#step(chunk, at);
    if (this.#early !== undefined && !this.#isOver) this.#begin(this.#early);
    this.#isReading = false;
    if (this.#isOver) return;
    if (at < chunk.length) this.#held.unshift(at === 0 ? chunk : chunk.subarray(at));
    else this.#timeHeader();
  }

  /** @returns where to go on */
  #step(chunk: Buffer, at: number): number {
    const parser = this.#parser;
    const next = parser.read(chunk, at);
    if (parser.refusal !== undefined) {
      this.#refuse(new SluiceError("SLUICE_HTTP_REQUEST", parser.refusal.detail), parser.refusal.status);
      return next;
    }
    if (parser.isHead) this.#early = [];
    if (parser.piece !== undefined && this.#early === undefined) this.#body?.push(parser.piece);
    else if (parser.piece !== undefined) this.#early?.push(parser.piece);
    if (parser.isWhole) this.#received();
    return next;
  }

  /** What came is whole, and must be answered first. */
  #isServed(): boolean {
    return this.#exchange !== undefined && this.#parser.isWhole;
  }

  /** A request has come to its end. */
  #received(): void {
    if (this.#early !== undefined) {
      this.#begin(this.#early);
      return;
    }
    this.#endBody();
    if (this.#exchange === undefined) this.#next();
    else this.#deadline.set(0);
  }

  /** @param early what came of the body together with the header: often all of it */
  #begin(early: readonly Buffer[]): void {
    const { limits, timeouts } = this.serving.options;
    const { method, minor, isLast, isWhole, trailers } = this.#parser;
    this.#early = undefined;
    this.#isTimed = false;
    const isReady = isWhole && trailers.length === 0 && lengthOf(early) <= limits.replay;
    if (!isReady) this.#beginBody(early);
    const request = this.#requestOf(isReady ? wholeOf(early) : this.#body);
    if (request === undefined) return;
    if (isWhole) this.#endBody();
    this.#deadline.set(isWhole ? 0 : timeouts.request);
    this.#response = new Http1Response(this, { method, minor, isLast }, this.serving.keepAlive);
    this.#exchange = new ServedExchange(request, this.#response, { place: this, serving: this.serving });
    this.#exchange.start();
  }

  /** Undefined where it is refused. */
  #requestOf(body: RequestBody | Buffer | undefined): ClientRequest | undefined {
    const { method, target, minor, fields, isUpgrade } = this.#parser;
    const head = { method, target, httpVersion: minor === 1 ? "1.1" : "1.0", fields, authority: undefined, isUpgrade };
    try {
      return new ClientRequest(this.session, head, body, this.serving.options.limits.replay);
    } catch (error) {
      this.#refuse(error as SluiceError, statusOf(error as SluiceError));
      return undefined;
    }
  }

  #beginBody(early: readonly Buffer[]): void {
    const wanted = (): void => {
      this.leg.wanted();
    };
    this.#body = new RequestBody(wanted);
    for (const piece of early) this.#body.push(piece);
  }

  #endBody(): void {
    const body = this.#body;
    if (body === undefined) return;
    this.#body = undefined;
    body.rawTrailers = this.#parser.trailers;
    body.push(null);
  }

  /** The request is whole and answered: on to the next. */
  #next(): void {
    this.#parser.next();
    this.#deadline.set(this.serving.options.timeouts.keepAlive);
    if (this.#isReading) return;
    for (let chunk = this.#held.shift(); chunk !== undefined; chunk = this.#isServed() ? undefined : this.#held.shift()) this.#read(chunk);
    if (this.#isOver) return;
    if (this.pending < ENOUGH) this.leg.wanted();
    this.#settle();
  }

  /** Once the client has finished sending: ends when nothing is left to be served. */
  #settle(): void {
    if (!this.#isInputEnded || this.#isOver || this.#held.length > 0) return;
    if (this.#parser.isBegun) this.#refuse(new SluiceError("SLUICE_HTTP_REQUEST", "the request ends before it is whole"), 400);
    else if (this.#exchange === undefined) this.#finish();
    // The client may have left, or wait for its answer: both begin with a FIN. Once an answer is being written, writing tells.
    else this.#deadline.set(this.serving.options.timeouts.halfClosed);
  }

  /** A header that has begun has to come in time. */
  #timeHeader(): void {
    if (this.#exchange !== undefined || this.#isTimed || !this.#parser.isBegun || this.#parser.isInBody) return;
    this.#isTimed = true;
    this.#deadline.set(this.serving.options.timeouts.headers);
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
      this.leg.send(Buffer.from(rawFailure(status, error), "latin1"));
      this.leg.finish();
    }
    this.#body?.destroy();
  }

  #finish(): void {
    this.#isOver = true;
    this.#held.clear();
    this.#deadline.stop();
    this.leg.finish();
  }
}

function lengthOf(pieces: readonly Buffer[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function wholeOf(pieces: readonly Buffer[]): Buffer | undefined {
  return pieces.length > 1 ? Buffer.concat(pieces) : pieces[0];
}
