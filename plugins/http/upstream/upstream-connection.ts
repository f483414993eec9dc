import { SluiceError } from "sluice";
import type { Leg, LegReader } from "sluice";
import { answerOf } from "./answer.ts";
import type { Asker, ConnectionOwner } from "./asker.ts";
import { Deadline } from "../message/deadline.ts";
import { agreed } from "../message/header-fields.ts";
import { ResponseBody, type BodyOrigin } from "./response-body.ts";
import { ResponseParser } from "../message/response-parser.ts";
import { UpgradedStream } from "./upgraded-stream.ts";
import { MOST_INTERIM } from "./upstream-failure.ts";

/** A connection to an upstream that speaks HTTP/1. It carries one request after the other, of every kind, and reads all their responses. */
export class UpstreamConnection implements LegReader, BodyOrigin {
  /** Nothing is lent. */
  readonly done = true;
  /** Whose request it carries; undefined while it carries none. */
  client: string | undefined = undefined;
  readonly openedAt = performance.now();
  readonly #parser: ResponseParser;
  readonly #deadline = new Deadline(this);
  #asker: Asker | undefined;
  /** Who was answered, until the response has ended. */
  #answered: Asker | undefined;
  /** Milliseconds for a response. */
  #timeout = 0;
  /** All of the request was given to the leg. */
  #isSent = true;
  #isLast = false;
  /** Of the response that has begun, once it is being given away. */
  #body: ResponseBody | undefined;
  #pieces: Buffer[] = [];
  /** Responses before the response. */
  #interims = 0;
  #isAnswering = false;
  #isStopped = false;
  #isGone = false;
  /** It has carried a request before. */
  #isUsed = false;
  #upgraded: UpgradedStream | undefined;

  constructor(
    private readonly leg: Leg,
    private readonly owner: ConnectionOwner<UpstreamConnection>,
    limits: { readonly header: number; readonly fields: number },
    /** By which it was opened. */
    readonly way?: unknown,
  ) {
    this.#parser = new ResponseParser(limits);
    leg.lend = false;
    const closed = (): void => {
      this.#end();
    };
    const drained = (): void => {
      this.#drained();
    };
    leg.onClosed = closed;
    leg.onDrain = drained;
  }

  /** Begins to read, once it was asked: what comes before would be nobody's answer, and its end nobody's failure. */
  read(): void {
    this.leg.read(this);
  }

  /**
   * Begins a request: `send` sends it, and `sent` ends it.
   * @param timeout milliseconds for the response's header, and for taking a part of the request; 0: none
   */
  ask(asker: Asker, timeout: number): void {
    this.#asker = asker;
    this.#timeout = timeout;
    this.#deadline.set(timeout);
    this.#interims = 0;
    this.#isSent = false;
    this.#isLast = asker.isLast;
    this.#parser.method = asker.method;
  }

  /** @param part of the request. @returns false when enough waits */
  send(part: Buffer): boolean {
    const isTaken = this.leg.write(part);
    // While the client lets it wait, the upstream need not answer.
    if (this.#asker?.isExpecting === false) this.#deadline.set(isTaken ? 0 : this.#timeout);
    return isTaken;
  }

  /** The request is complete. */
  sent(): void {
    this.#isSent = true;
    if (this.#asker !== undefined) this.#deadline.set(this.#timeout);
  }

  /** A request that is complete, in one piece. */
  sendAll(request: Buffer): void {
    this.#isSent = true;
    this.leg.write(request);
  }

  /** Closes it after so many milliseconds without a request. */
  idle(ms: number): void {
    this.#deadline.set(ms);
  }

  expired(): void {
    if (this.#asker === undefined) this.close();
    else this.#asker.late();
  }

  /** Nobody waits for the response any more, or its request broke off: the upstream is reset, so that it sees that. */
  abandon(asker: Asker): void {
    if (this.#asker === asker) this.#break();
    else if (this.#answered === asker) this.failed(new SluiceError("SLUICE_CLIENT_RESET", "the request broke off"));
  }

  left(body: ResponseBody): void {
    if (this.#body === body) this.#break();
  }

  wanted(body: ResponseBody): void {
    if (this.#body !== body || !this.#isStopped) return;
    this.#isStopped = false;
    this.leg.resume();
  }

  close(): void {
    this.leg.destroy();
    this.#end();
  }

  data(chunk: Buffer): boolean {
    if (this.#upgraded !== undefined) return this.#upgraded.received(chunk);
    if (this.#asker === undefined && this.#body === undefined) this.#malformed("bytes that nobody asked for");
    const at = this.#read(chunk);
    // It has become one within this chunk.
    const upgraded = this.#upgraded as UpgradedStream | undefined;
    if (upgraded !== undefined) return at >= chunk.length || upgraded.received(chunk.subarray(at));
    this.#deliver();
    return !this.#isStopped;
  }

  /** @returns where what is no HTTP begins, or the chunk's end */
  #read(chunk: Buffer): number {
    const parser = this.#parser;
    let at = 0;
    while (at < chunk.length && !this.#isGone) {
      if (parser.isWhole) {
        // More than was asked for: what else would it be the answer to?
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
    else if (this.#asker === undefined && this.#body === undefined) this.close();
    else if (this.#parser.finish() && this.#body !== undefined) this.#deliver();
    else this.failed(undefined);
  }

  failed(error: SluiceError | undefined): void {
    if (this.#upgraded !== undefined) {
      this.#upgraded.destroy(error);
      return;
    }
    const asker = this.#asker;
    const body = this.#body;
    const failure = asker === undefined ? undefined : this.#unanswered(error);
    this.#break();
    body?.destroy(error ?? this.owner.failures.closedEarly("in the middle of a response"));
    if (failure !== undefined) asker?.failed(failure);
  }

  #drained(): void {
    const asker = this.#asker ?? this.#answered;
    if (asker === undefined || this.#isSent) return;
    if (this.#asker !== undefined && !asker.isExpecting) this.#deadline.set(0);
    asker.drained();
  }

  #headed(): void {
    const parser = this.#parser;
    if (parser.status >= 200) {
      this.#deadline.set(0);
      this.#isAnswering = true;
      return;
    }
    if (parser.status === 101) {
      if (this.#asker?.isUpgrade === true && this.#isSent) this.#upgrade(this.#asker);
      else this.#malformed("an upgrade that nobody asked for, or before the end of the request");
      return;
    }
    this.#interims += 1;
    if (this.#interims > MOST_INTERIM) {
      this.failed(this.owner.failures.endlessInterim());
      return;
    }
    this.#asker?.informed(parser.response);
    parser.next();
  }

  /** From here on the connection is the asker's. */
  #upgrade(asker: Asker): void {
    const { status, fields, fieldNames } = this.#parser;
    const upgraded = (this.#upgraded = new UpgradedStream(this.leg));
    this.#end();
    asker.answered({ status, headers: agreed(fields), fieldNames, upgraded, upstream: this.owner.name });
  }

  /** Gives on what has come of the response: in one piece where all of it is there. */
  #deliver(): void {
    if (this.#isGone) return;
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
    const asker = this.#asker;
    // Trailers go behind a body that comes in parts.
    const isSmall = isWhole && this.#pieces.length <= 1 && trailers.length === 0;
    const body = isSmall ? this.#pieces.pop() : new ResponseBody(this);
    this.#isAnswering = false;
    this.#asker = undefined;
    this.#answered = asker;
    // Free before the answer: it may bring the next request.
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
    const answered = this.#answered;
    this.#answered = undefined;
    this.#isUsed = true;
    // A response that came before the end of its request: what is still sent of that would be taken for the next.
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

  #unanswered(error: SluiceError | undefined): SluiceError {
    const { failures } = this.owner;
    const isSilent = this.#interims === 0 && !this.#parser.isBegun;
    const isReset = error === undefined || error.code === "SLUICE_UPSTREAM_RESET";
    if (this.#isUsed && isSilent && isReset) return failures.stale();
    return error ?? failures.closedEarly("without a response");
  }

  #break(): void {
    this.leg.reset();
    this.#end();
  }

  #end(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const answered = this.#answered;
    this.#asker = undefined;
    this.#answered = undefined;
    this.#deadline.stop();
    this.owner.gone(this);
    answered?.over();
  }
}
