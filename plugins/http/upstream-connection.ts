import { SluiceError } from "sluice";
import type { HttpHeaders, HttpResponse, Leg, LegReader } from "sluice";
import { Deadline } from "./deadline.ts";
import { endToEnd } from "./header-fields.ts";
import { ResponseBody, type BodyOrigin } from "./response-body.ts";
import { ResponseParser } from "./response-parser.ts";
import { endlessInterim, MOST_INTERIM, StaleConnection } from "./upstream-failure.ts";

/** Who asked, and waits for the response. */
export interface Asker {
  readonly method: string;
  /** 103 Early Hints. */
  hinted(headers: HttpHeaders): void;
  answered(response: HttpResponse): void;
  failed(error: SluiceError): void;
}

/** Whose connection it is. */
export interface ConnectionOwner {
  /** Of the endpoint, for messages. */
  readonly name: string;
  /** The connection can take another request, for so many milliseconds. */
  free(connection: UpstreamConnection, keptFor: number): void;
  /** It is no more. Called once. */
  gone(connection: UpstreamConnection): void;
}

/** A connection to an upstream that speaks HTTP/1. It carries one request after the other, each sent at once. */
export class UpstreamConnection implements LegReader, BodyOrigin {
  /** Nothing is lent. */
  readonly done = true;
  readonly #parser: ResponseParser;
  readonly #deadline = new Deadline(this);
  #asker: Asker | undefined;
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

  constructor(
    private readonly leg: Leg,
    private readonly owner: ConnectionOwner,
    limits: { readonly header: number; readonly fields: number },
    /** By which it was opened. */
    readonly way?: unknown,
  ) {
    this.#parser = new ResponseParser(limits);
    leg.lend = false;
    const closed = (): void => {
      this.#end();
    };
    leg.onClosed = closed;
  }

  /** Begins to read, once it was asked: what comes before would be nobody's answer, and its end nobody's failure. */
  read(): void {
    this.leg.read(this);
  }

  /** @param message the request, whole */
  ask(message: Buffer, asker: Asker): void {
    this.#deadline.set(0);
    this.#asker = asker;
    this.#interims = 0;
    this.#parser.method = asker.method;
    this.leg.write(message);
  }

  /** Closes it after so many milliseconds without a request. */
  idle(ms: number): void {
    this.#deadline.set(ms);
  }

  expired(): void {
    this.close();
  }

  /** Nobody waits for the response any more: the upstream is reset, so that it sees that. */
  abandon(asker: Asker): void {
    if (this.#asker === asker) this.#break();
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
    const parser = this.#parser;
    if (this.#asker === undefined && this.#body === undefined) {
      // What comes unasked would be taken for the answer to the next request.
      this.#break();
      return true;
    }
    let at = 0;
    while (at < chunk.length && !this.#isGone) {
      if (parser.isWhole) {
        // More than was asked for.
        parser.isKept = false;
        break;
      }
      at = parser.read(chunk, at);
      if (parser.refusal !== undefined) {
        this.#malformed(parser.refusal.detail);
        return true;
      }
      if (parser.isHead) this.#headed();
      if (parser.piece !== undefined) this.#pieces.push(parser.piece);
    }
    this.#deliver();
    return !this.#isStopped;
  }

  end(): void {
    if (this.#asker === undefined && this.#body === undefined) this.close();
    else if (this.#parser.finish() && this.#body !== undefined) this.#deliver();
    else this.failed(undefined);
  }

  failed(error: SluiceError | undefined): void {
    const asker = this.#asker;
    const body = this.#body;
    const failure = asker === undefined ? undefined : this.#unanswered(error);
    this.#break();
    body?.destroy(error ?? this.#closedEarly("in the middle of a response"));
    if (failure !== undefined) asker?.failed(failure);
  }

  #headed(): void {
    const parser = this.#parser;
    if (parser.status >= 200) {
      this.#isAnswering = true;
      return;
    }
    if (parser.status === 101) {
      this.#malformed("an upgrade that nobody asked for");
      return;
    }
    this.#interims += 1;
    if (this.#interims > MOST_INTERIM) {
      this.failed(endlessInterim(this.owner.name));
      return;
    }
    if (parser.status === 103) this.#asker?.hinted(endToEnd(parser.fields));
    parser.next();
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
    const { status, fields, trailers, isWhole } = this.#parser;
    const asker = this.#asker;
    // Trailers go behind a body that comes by and by.
    const isSmall = isWhole && this.#pieces.length <= 1 && trailers.length === 0;
    const body = isSmall ? this.#pieces.pop() : new ResponseBody(this);
    this.#isAnswering = false;
    this.#asker = undefined;
    // Free before the answer: it may bring the next request.
    if (isSmall) this.#free();
    else {
      this.#body = body as ResponseBody;
      this.#deliver();
    }
    asker?.answered({ status, headers: endToEnd(fields), body, trailers: () => endToEnd(trailers), upstream: this.owner.name });
  }

  #free(): void {
    const parser = this.#parser;
    const { isKept, keptFor } = parser;
    this.#isUsed = true;
    if (!isKept || keptFor === 0) {
      this.close();
      return;
    }
    parser.next();
    if (this.#isStopped) {
      this.#isStopped = false;
      this.leg.resume();
    }
    this.owner.free(this, keptFor);
  }

  #malformed(detail: string): void {
    this.failed(new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `upstream ${this.owner.name} answered with what is no HTTP: ${detail}`));
  }

  #unanswered(error: SluiceError | undefined): SluiceError {
    const isSilent = this.#interims === 0 && !this.#parser.isBegun;
    const isStale = this.#isUsed && isSilent && (error === undefined || error.code === "SLUICE_UPSTREAM_RESET");
    if (isStale)
      return new SluiceError("SLUICE_UPSTREAM_RESET", `upstream ${this.owner.name} closed a kept connection`, {
        cause: new StaleConnection(),
      });
    return error ?? this.#closedEarly("without a response");
  }

  #closedEarly(when: string): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_RESET", `upstream ${this.owner.name} closed the connection ${when}`);
  }

  #break(): void {
    this.leg.reset();
    this.#end();
  }

  #end(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#asker = undefined;
    this.#deadline.stop();
    this.owner.gone(this);
  }
}
