import type { Leg, LegReader, SluiceError } from "sluice";
import { answerOf } from "./answer.ts";
import { Carrier } from "./carrier.ts";
import type { Requester, ConnectionOwner } from "./requester.ts";
import { ResponseBody, type BodyOrigin } from "./response-body.ts";
import { ResponseParser } from "../../parser/response-parser.ts";
import { UpgradedStream } from "./upgraded-stream.ts";

/** A connection to an upstream that speaks HTTP/1. It carries one request after the other, complete or streamed, and reads all responses. */
export class UpstreamConnection extends Carrier implements LegReader, BodyOrigin {
  /** True: chunks are not lent. */
  readonly done = true;
  readonly openedAt = performance.now();
  readonly #parser: ResponseParser;
  /** Whether the whole request was given to the leg. */
  #isSent = true;
  #isLast = false;
  /** The body of the response that has begun, after the response was emitted. */
  #body: ResponseBody | undefined;
  #pieces: Buffer[] = [];
  #isAnswering = false;
  #isStopped = false;
  /** Whether it has carried a request before. */
  #isUsed = false;
  #upgraded: UpgradedStream | undefined;

  constructor(
    private readonly leg: Leg,
    owner: ConnectionOwner<Carrier>,
    limits: { readonly header: number; readonly fields: number },
    /** The way in which it was opened. */
    readonly way?: unknown,
  ) {
    super(owner);
    this.#parser = new ResponseParser(limits);
    leg.lend = false;
    const closed = (): void => {
      this.#gone();
    };
    const drained = (): void => {
      this.#drained();
    };
    leg.onClosed = closed;
    leg.onDrain = drained;
  }

  /** Not bytes without a request: one that begins in the same turn would take them for its response. */
  get mayWait(): boolean {
    return this.asker !== undefined;
  }

  read(): void {
    this.leg.read(this);
  }

  /** Begins a request: `send` sends it, and `sent` ends it. */
  override ask(asker: Requester, timeout: number): void {
    super.ask(asker, timeout);
    this.#isSent = false;
    this.#isLast = asker.isLast;
    this.#parser.method = asker.method;
  }

  /** Sends a part of the request. @returns false when enough bytes wait */
  send(part: Buffer): boolean {
    const isTaken = this.leg.write(part);
    this.waits(!isTaken);
    return isTaken;
  }

  /** Called when the request was sent completely. */
  sent(): void {
    this.#isSent = true;
    if (this.asker !== undefined) this.deadline.set(this.timeout);
  }

  /** Sends a complete request in one piece. */
  sendAll(request: Buffer): void {
    this.#isSent = true;
    this.leg.write(request);
  }

  /** Closes it after a number of milliseconds without a request. */
  idle(ms: number): void {
    this.deadline.set(ms);
  }

  expired(): void {
    if (this.asker === undefined) this.close();
    else this.asker.late();
  }

  left(body: ResponseBody): void {
    if (this.#body === body) this.cancel();
  }

  wanted(body: ResponseBody): void {
    if (this.#body !== body || !this.#isStopped) return;
    this.#isStopped = false;
    this.leg.resume();
  }

  close(): void {
    this.leg.destroy();
    this.#gone();
  }

  data(chunk: Buffer): boolean {
    if (this.#upgraded !== undefined) return this.#upgraded.received(chunk);
    if (this.asker === undefined && this.#body === undefined) this.#malformed("bytes without a request");
    const at = this.#read(chunk);
    // The protocol may have changed within this chunk.
    const upgraded = this.#upgraded as UpgradedStream | undefined;
    if (upgraded !== undefined) return at >= chunk.length || upgraded.received(chunk.subarray(at));
    this.#deliver();
    return !this.#isStopped;
  }

  /** @returns the offset of the first byte that is not HTTP, or the end of the chunk */
  #read(chunk: Buffer): number {
    const parser = this.#parser;
    let at = 0;
    while (at < chunk.length && !this.isGone) {
      if (parser.isWhole) {
        // More bytes than the response has: they belong to no request.
        parser.isKept = false;
        break;
      }
      at = parser.read(chunk, at);
      if (parser.refusal !== undefined) this.#malformed(parser.refusal.detail);
      else if (parser.isHead) this.#headed();
      if (parser.piece !== undefined) this.#pieces.push(parser.piece);
    }
    return at;
  }

  end(): void {
    if (this.#upgraded !== undefined) this.#upgraded.push(null);
    else if (this.asker === undefined && this.#body === undefined) this.close();
    else if (this.#parser.finish() && this.#body !== undefined) this.#deliver();
    else this.failed(undefined);
  }

  failed(error: SluiceError | undefined): void {
    if (this.#upgraded !== undefined) {
      this.#upgraded.destroy(error);
      return;
    }
    const asker = this.asker;
    const body = this.#body;
    const isSilent = this.interims === 0 && !this.#parser.isBegun;
    const failure = asker === undefined ? undefined : this.owner.failures.unanswered(error, this.#isUsed && isSilent);
    this.#body = undefined;
    this.cancel();
    body?.breakOff(error ?? this.owner.failures.closedEarly("in the middle of a response"));
    if (failure !== undefined) asker?.failed(failure);
  }

  #drained(): void {
    const asker = this.asker ?? this.answered;
    if (asker === undefined || this.#isSent) return;
    this.waits(false);
    asker.drained();
  }

  #headed(): void {
    const parser = this.#parser;
    if (parser.status >= 200) this.#isAnswering = true;
    else if (parser.status === 101) {
      if (this.asker?.isUpgrade === true && this.#isSent) this.#upgrade(this.asker);
      else this.#malformed("an upgrade that was not asked for, or that came before the end of the request");
    } else {
      this.interim(parser.response);
      parser.next();
    }
  }

  /** Gives the connection to the asker. */
  #upgrade(asker: Requester): void {
    const { status, headers, fieldNames } = this.#parser.response;
    const upgraded = (this.#upgraded = new UpgradedStream(this.leg));
    this.#gone();
    asker.answered({ status, headers, fieldNames, upgraded, upstream: this.owner.name });
  }

  /** Passes on the response so far: in one piece if it is complete. */
  #deliver(): void {
    if (this.isGone) return;
    if (this.#isAnswering) {
      this.#answer();
      return;
    }
    const body = this.#body;
    const pieces = this.#pieces;
    this.#pieces = [];
    const { isWhole } = this.#parser;
    if (isWhole) this.#body = undefined;
    for (const piece of pieces) if (body?.push(piece) === false && !isWhole) this.#isStopped = true;
    if (!isWhole) return;
    body?.push(null);
    this.#free();
  }

  #answer(): void {
    const { response, trailers, isWhole } = this.#parser;
    const asker = this.headerCame();
    // Trailers need a streamed body.
    const isSmall = isWhole && this.#pieces.length <= 1 && trailers.length === 0;
    const body = isSmall ? this.#pieces.pop() : new ResponseBody(this);
    this.#isAnswering = false;
    // Freed before the answer, which may cause the next request.
    if (isSmall) this.#free();
    else {
      this.#body = body as ResponseBody;
      if (!isWhole) this.owner.streams(this, response.headers);
      this.#deliver();
    }
    const behind = { body, trailers: isSmall ? undefined : trailers, upstream: this.owner.name };
    asker?.answered(answerOf(response, behind));
  }

  #free(): void {
    const { isKept, keptFor } = this.#parser;
    const { answered } = this;
    this.answered = undefined;
    this.#isUsed = true;
    // If the response came before the end of its request, the rest of the request would be taken for the next one.
    if (!isKept || keptFor === 0 || this.#isLast || !this.#isSent) {
      this.close();
      answered?.over();
      return;
    }
    this.#parser.next();
    answered?.over();
    if (this.#isStopped) {
      this.#isStopped = false;
      this.leg.resume();
    }
    this.owner.free(this, keptFor);
  }

  #malformed(detail: string): void {
    this.failed(this.owner.failures.malformed(detail));
  }

  protected override cancel(): void {
    this.leg.reset();
    this.#gone();
  }

  #gone(): void {
    if (!this.isGone) this.leave();
  }
}
