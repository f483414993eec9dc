import { reasonOf, SluiceError } from "sluice";
import type { Readable, Writable } from "node:stream";

/** The source of a request's body. */
export interface BodySource extends Readable {
  /** The trailers: names, as they were sent, and values, one after the other. */
  readonly rawTrailers: readonly string[];
  /** Bytes that have come so far. */
  readonly taken: number;
  /** Called when somebody begins to read. */
  onRead: (() => void) | undefined;
}

/** What belongs to a body. */
export interface BodyTerms {
  /** The trailers to send, called after the body: names and values, one after the other. */
  trailers(): readonly string[];
  /** The value of Content-Length; undefined when there is none. */
  readonly length: string | undefined;
  /** Whether a hook gave it. */
  readonly isOfHook: boolean;
}

/**
 * A request's body, which successive attempts can send. What was read is kept up to a limit; a larger body cannot be sent again.
 */
export class ReplayBody {
  /** Undefined: the body may still be coming. */
  readonly whole = undefined;
  bytes = 0;
  #kept: Buffer[] = [];
  #dropped = false;
  #sink: Writable | undefined;
  #ended = false;
  #begun = false;

  constructor(
    private readonly source: Readable & { onRead?: BodySource["onRead"] },
    private readonly limit: number,
    private readonly terms: BodyTerms,
  ) {
    // An error ends it, which `close` tells; it must not be uncaught, also if nobody reads.
    if (terms.isOfHook) source.on("error", () => undefined);
  }

  get length(): string | undefined {
    return this.terms.length;
  }

  get replayable(): boolean {
    return !this.#dropped;
  }

  /** Whether anything was read. */
  get begun(): boolean {
    return this.bytes > 0;
  }

  /** Whether a part of the body is here and can be sent. */
  get hasPart(): boolean {
    return this.begun || this.source.readableLength > 0;
  }

  /** Sends the body from its beginning to an attempt. An earlier attempt gets no more of it. */
  pipeTo(sink: Writable & { addTrailers?(headers: readonly [string, string][]): void }): void {
    this.#sink = sink;
    for (const chunk of this.#kept) written(sink, chunk);
    sink.on("drain", () => {
      if (this.#sink === sink) this.source.resume();
    });
    if (this.#ended) this.#end(sink);
    else this.#begin();
  }

  /** Drops the rest of the body. */
  drop(): void {
    this.#sink = undefined;
    this.#kept = [];
    if (!this.source.readableEnded) this.source.resume();
  }

  #begin(): void {
    if (this.source.destroyed) {
      this.#break();
      return;
    }
    if (this.#begun) {
      this.source.resume();
      return;
    }
    this.#begun = true;
    // The upstream decides when the client may send.
    if (this.source.onRead !== undefined) this.source.onRead = undefined;
    this.source.on("data", (chunk: Buffer | string) => {
      this.#received(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    });
    this.source.once("end", () => {
      this.#ended = true;
      if (this.#sink !== undefined) this.#end(this.#sink);
    });
    this.source.once("close", () => {
      if (!this.#ended) this.#break();
    });
  }

  /** Breaks the attempt off, so that the upstream does not take a part of the body for the whole. */
  #break(): void {
    this.#sink?.destroy(this.#reason);
  }

  get #reason(): SluiceError {
    const cause = this.source.errored;
    if (!this.terms.isOfHook) return new SluiceError("SLUICE_CLIENT_RESET", "the body of the request broke off");
    if (SluiceError.is(cause)) return cause;
    const why = cause === null ? "" : `: ${reasonOf(cause)}`;
    return new SluiceError("SLUICE_PLUGIN_FAILED", `the body that a hook gave to the request broke off${why}`, { cause });
  }

  #received(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > this.limit) {
      this.#dropped = true;
      this.#kept = [];
    } else this.#kept.push(chunk);
    const sink = this.#sink;
    if (sink === undefined || sink.destroyed) return;
    if (!written(sink, chunk)) this.source.pause();
  }

  #end(sink: Writable & { addTrailers?(headers: readonly [string, string][]): void }): void {
    if (sink.destroyed) return;
    const fields = this.terms.trailers();
    const trailers = fields.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, fields[at + 1] ?? ""]] : []));
    try {
      if (trailers.length > 0) sink.addTrailers?.(trailers);
      sink.end();
    } catch (error) {
      sink.destroy(error as Error);
    }
  }
}

/** Node checks the header of a request only when the first part of the body is written, and throws then. @returns false when enough bytes wait */
function written(sink: Writable, chunk: Buffer): boolean {
  try {
    return sink.write(chunk);
  } catch (error) {
    sink.destroy(error as Error);
    return true;
  }
}
