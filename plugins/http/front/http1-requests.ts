import { SluiceError, type Session } from "sluice";
import type { Duplex } from "node:stream";
import { Backlog } from "./backlog.ts";
import { BodyIntake } from "./body-intake.ts";
import type { ClientLeg, LegConsumer } from "./client-leg.ts";
import { ClientRequest } from "../exchange/client-request.ts";
import { Deadline } from "../message/deadline.ts";
import { bodyLate, rawFailure, requestRefused, statusOf } from "../message/failure.ts";
import { HalfClosed } from "./half-closed.ts";
import { Http1Response, type ResponseWriter } from "./http1-response.ts";
import type { RequestBody } from "../exchange/request-body.ts";
import { RequestParser } from "../parser/request-parser.ts";
import { ServedExchange, type ExchangePlace } from "./served-exchange.ts";
import type { Serving } from "./serving.ts";
import { Tunnel, type UpgradeAgreement, type TunnelTraffic } from "./tunnel.ts";
import { TurnBudget } from "../turn/turn-budget.ts";

/** A client's connection of HTTP/1: its requests are read from the session's chunks, and served one after the other. */
export class Http1Requests implements LegConsumer, ExchangePlace, ResponseWriter {
  readonly #parser: RequestParser;
  readonly #deadline = new Deadline(this);
  readonly #held: Backlog;
  /** Whether the header has come, but the request has not begun. It begins with the part of the body that came with the header, often all of it. */
  #isNew = false;
  #exchange: ServedExchange | undefined;
  #response: Http1Response | undefined;
  #isClosing = false;
  #isInputEnded = false;
  /** Whether the current request was answered; its body may still be coming. */
  #isAnswered = false;
  /** Whether nothing more is read. */
  #isOver = false;
  /** Whether a chunk is being read; meanwhile further chunks and ends must wait. */
  #isReading = false;
  #tunnel: Tunnel | undefined;
  /** Whether the header of the next request has begun, so that its time limit runs. */
  #isTimed = false;
  readonly #halfClosed = new HalfClosed();
  readonly #turn = new TurnBudget(() => this.#goOn());
  readonly #body: BodyIntake;

  constructor(
    private readonly session: Session,
    private readonly leg: ClientLeg,
    private readonly serving: Serving,
  ) {
    this.#parser = new RequestParser(serving.options.limits);
    this.#held = new Backlog(() => leg.wanted());
    // Bytes after the body still have to wait.
    this.#body = new BodyIntake(() => {
      this.#moved();
      if (!this.#isOver) this.#timeInput();
    });
  }

  get pending(): number {
    return this.#held.length + this.#body.pending;
  }

  get isIdle(): boolean {
    return this.#exchange === undefined && !this.#parser.isBegun && this.#held.length === 0;
  }

  get isFull(): boolean {
    return this.leg.isStopped;
  }

  get closing(): boolean {
    // The bytes after a request for another protocol may belong to that protocol, even if it was not agreed.
    return this.#isClosing || this.#parser.upgrade !== undefined;
  }

  received(chunk: Buffer): boolean {
    if (this.#held.isCut) return true;
    if (this.#isReading || this.#held.length > 0) this.#held.push(chunk);
    else this.#readOn(chunk);
    if (this.#isOver || this.#held.mayTake(this.pending)) return true;
    const isCut = this.#isServed() && this.#held.cut();
    this.#isClosing ||= isCut;
    return isCut;
  }

  /** Called when waiting bytes were used, so that more may come. */
  #moved(): void {
    this.#held.moved();
    if (!this.#isOver && this.#held.mayTake(this.#held.length)) this.leg.wanted();
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
    // A request of which a part has come is in progress too.
    if (this.#exchange === undefined && (this.#isAnswered || !this.#parser.isBegun)) this.#finish();
  }

  closed(): void {
    this.#stop();
    this.#response?.closed();
    this.#body.destroy();
  }

  expired(): void {
    if (this.#parser.isBegun) this.#refuse(bodyLate(), 408);
    else if (this.#exchange === undefined) this.#finish();
    // The client has finished sending and has probably left, but nothing is being written that would show it.
    else if (this.#exchange.isWaiting || (this.#halfClosed.isStill() && !this.leg.isStopped))
      this.leg.left(this.session, !this.#exchange.isWaiting);
    else this.#deadline.set(this.serving.options.timeouts.halfClosed);
  }

  send(chunk: Buffer): boolean {
    this.#halfClosed.sent();
    return this.leg.send(chunk);
  }

  abort(error: SluiceError): void {
    this.leg.abort(error);
  }

  answered(isKept: boolean, failure: SluiceError | undefined): void {
    this.#exchange = undefined;
    this.#response = undefined;
    this.#isAnswered = true;
    if (!isKept || this.#isClosing) this.#finish(failure);
    // A listener of the request's end may have ended the session.
    else if (this.#parser.isWhole && !this.#isOver) this.#next();
  }

  upgraded(upstream: Duplex, agreement: UpgradeAgreement, over: (passed: TunnelTraffic) => void): void {
    const tunnel = new Tunnel(this.leg, upstream, over);
    tunnel.open(agreement);
    this.#isOver = true;
    this.#deadline.stop();
    this.#tunnel = tunnel;
    // While a chunk is being read, the bytes after the request are not known yet.
    if (!this.#isReading) this.#handOver(tunnel);
  }

  #handOver(tunnel: Tunnel): void {
    for (let chunk = this.#held.shift(); chunk !== undefined; chunk = this.#held.shift()) tunnel.received(chunk);
    if (this.#isInputEnded) tunnel.ended();
    else this.leg.wanted();
  }

  /** Reads up to the end of a request that must be answered before the next. */
  #readOn(first: Buffer | undefined): void {
    this.#isReading = true;
    for (let chunk = first; chunk !== undefined; chunk = this.#isOver || this.#isResting ? undefined : this.#held.shift())
      this.#read(chunk);
    this.#isReading = false;
    if (!this.#isOver) {
      this.#timeInput();
      this.#settle();
    } else if (this.#tunnel === undefined) this.#held.clear();
    else this.#handOver(this.#tunnel);
  }

  #read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#isOver && !this.#isResting) at = this.#step(chunk, at);
    if (!this.#isOver) this.#deliver();
    if (at < chunk.length) this.#held.unshift(at === 0 ? chunk : chunk.subarray(at));
  }

  #step(chunk: Buffer, at: number): number {
    const parser = this.#parser;
    const next = parser.read(chunk, at);
    if (parser.refusal !== undefined) {
      this.#refuse(requestRefused(parser.refusal.detail), parser.refusal.status);
      return next;
    }
    if (parser.isHead) this.#isNew = true;
    if (parser.piece !== undefined) this.#body.take(parser.piece);
    if (parser.isWhole) this.#received();
    return next;
  }

  #deliver(): void {
    if (this.#isNew) this.#begin();
    else this.#body.deliver();
  }

  /** Whether a complete request is being answered. */
  #isServed(): boolean {
    return this.#exchange !== undefined && this.#parser.isWhole;
  }

  get #isResting(): boolean {
    return this.#isServed() || this.#turn.isSpent;
  }

  #begin(): void {
    const { method, minor, isLast, isWhole } = this.#parser;
    const { options, keepAlive, terms } = this.serving;
    this.#isNew = false;
    this.#isTimed = false;
    this.#turn.begin();
    const request = this.#requestOf(this.#body.start(this.#parser, terms.replay));
    if (request === undefined) return;
    this.#deadline.set(isWhole ? 0 : options.timeouts.request);
    this.#response = new Http1Response(this, { method, minor, isLast }, keepAlive);
    this.#exchange = new ServedExchange(request, this.#response, { place: this, serving: this.serving });
    this.#exchange.start();
  }

  #requestOf(body: RequestBody | Buffer | undefined): ClientRequest | undefined {
    const { method, target, minor, fields, fieldNames, upgrade } = this.#parser;
    const head = { method, target, httpVersion: minor === 1 ? "1.1" : "1.0", fields, fieldNames, authority: undefined, upgrade };
    try {
      return new ClientRequest(this.session, head, body, this.serving.terms);
    } catch (error) {
      this.#refuse(error as SluiceError, statusOf(error as SluiceError));
      return undefined;
    }
  }

  #received(): void {
    const isNew = this.#isNew;
    this.#deliver();
    if (isNew) return;
    this.#body.end(this.#parser.trailers);
    if (this.#exchange === undefined) this.#next();
    else this.#deadline.set(0);
  }

  /** Continues with the next request, after one is complete and answered. */
  #next(): void {
    this.#parser.next();
    this.#isAnswered = false;
    this.#deadline.set(this.serving.options.timeouts.keepAlive);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#isReading || this.#isOver) return;
    this.#readOn(this.#isResting ? undefined : this.#held.shift());
    this.#moved();
  }

  /** After the client has finished sending: ends the connection when nothing is left to serve. */
  #settle(): void {
    if (!this.#isInputEnded || this.#isReading || this.#isOver) return;
    if (this.#hasLeft) this.leg.left(this.session, this.#exchange?.isWaiting !== true);
    if (this.#isOver || this.#held.length > 0) return;
    if (this.#parser.isBegun) this.#refuse(requestRefused("the request ends before it is complete"), 400);
    else if (this.#exchange === undefined) this.#finish();
    // A FIN alone does not tell whether the client has left or waits for its answer.
    else this.#deadline.set(this.serving.options.timeouts.halfClosed);
  }

  /** Whether a client that finished sending counts as gone. A response that is complete is still sent. */
  get #hasLeft(): boolean {
    if (this.serving.options.timeouts.halfClosed > 0) return false;
    return this.#held.length > 0 || (this.#isServed() && this.#response?.isEnding !== true);
  }

  /** Sets the time limit for the input: for the begin of a header, for a whole header, or for the next part of a body. None for a paused client. */
  #timeInput(): void {
    const { headers, keepAlive, request } = this.serving.options.timeouts;
    if (this.#parser.isInBody) this.#deadline.set(this.#held.isEnough(this.pending) ? 0 : request);
    else if (this.#exchange !== undefined || this.#isTimed) return;
    else if (this.#parser.isBegun) {
      this.#isTimed = true;
      this.#deadline.set(headers);
    } else if (!this.#deadline.isSet) this.#deadline.set(keepAlive);
  }

  /** Refuses the current request and serves nothing more. */
  #refuse(error: SluiceError, status: number): void {
    this.#stop();
    this.#isClosing = true;
    this.serving.refused(this.session, error, status);
    // The body is malformed or stopped, so the request in progress gets this answer.
    if (this.#exchange !== undefined) this.#exchange.refuse(error, status);
    else {
      if (!this.#isAnswered) this.leg.send(Buffer.from(rawFailure(status, error), "latin1"));
      this.leg.finish();
    }
    this.#body.destroy();
  }

  #finish(failure?: SluiceError): void {
    this.#stop();
    this.leg.finish(failure);
  }

  #stop(): void {
    this.#isOver = true;
    this.#held.clear();
    this.#deadline.stop();
  }
}
