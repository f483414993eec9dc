import { Readable } from "node:stream";
import { Subject, type OperatorFunction, type Subscription } from "rxjs";
import type { HttpHeaders } from "../../contract/index.ts";
import { holdingThrough, type HoldTarget } from "../operators/hold.ts";
import { codingsOf, decoded, unreadable } from "./decoding.ts";
import { fieldOf, isRequest, type HttpMessage } from "./message.ts";

/** Header fields that describe the exact bytes. */
const ofBytes = ["content-length", "content-encoding", "content-md5", "digest", "content-digest", "repr-digest"];

/**
 * Passes a body through an operator, part by part, as fast as the other side takes it. The operator sees the decoded content (gzip, deflate,
 * br, and zstd where Node has it). The new body is sent without the coding. Its length is not known when it begins, so Content-Length is left out and
 * the end is marked in another way: by chunked coding (HTTP/1.1), the end of the stream (HTTP/2), or the end of the connection (to a client of
 * HTTP/1.0). Digests are left out, and a strong ETag becomes a weak one. Operators of `sluice/flow` pause the source while they wait.
 *
 * A request is changed in place; for a response a changed copy is returned. A message without a body stays as it is, and so does an encoded
 * partial response (206).
 *
 * @throws SLUICE_HTTP_REQUEST (for a request), SLUICE_UPSTREAM_PROTOCOL (for a response): an unknown coding
 * @example exchange: (attempt) => attempt.pipe(map((response) => transformBody(response, replaceBytes("cat", "dog"))))
 */
export function transformBody<M extends HttpMessage>(message: M, operator: OperatorFunction<Buffer, Buffer>): M {
  const { body, headers } = message;
  const isPart = !isRequest(message) && message.status === 206 && codingsOf(message).length > 0;
  if (body === undefined || isPart) return message;
  const source = body instanceof Readable ? body : Readable.from([Buffer.from(body)], { objectMode: false });
  const transformed = new TransformedBody(message, { source: decoded(message, source), origin: source }, operator);
  const changed = withoutBytes(headers);
  if (!isRequest(message)) return { ...message, headers: changed, body: transformed };
  message.headers = changed;
  message.body = transformed;
  return message;
}

function withoutBytes(headers: HttpHeaders): HttpHeaders {
  const kept: HttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) if (!ofBytes.includes(name)) kept[name] = value;
  const etag = fieldOf(kept, "etag");
  if (etag?.startsWith('"') === true) kept["etag"] = `W/${etag}`;
  return kept;
}

/** The output of an operator on a body. */
class TransformedBody extends Readable implements HoldTarget {
  readonly swapping = false;
  readonly #input = new Subject<Buffer>();
  #subscription: Subscription | undefined;
  #isFull = false;
  /** Number of holds beyond their patience. */
  #tight = 0;

  private readonly source: Readable;
  private readonly origin: Readable;

  /** @param from the content, and the stream that it is decoded from: both are destroyed together */
  constructor(
    message: HttpMessage,
    from: { readonly source: Readable; readonly origin: Readable },
    private readonly operator: OperatorFunction<Buffer, Buffer>,
  ) {
    super();
    const { source, origin } = from;
    this.source = source;
    this.origin = origin;
    // The reader listens for errors; an error that comes before must not be uncaught.
    this.on("error", () => undefined);
    for (const stream of new Set([source, origin])) stream.on("error", (error) => this.destroy(unreadable(message, error)));
    // A body that was broken off before its end must not look complete.
    source.once("close", () => {
      if (!source.readableEnded) this.destroy(new Error("the body broke off"));
    });
  }

  override _read(): void {
    this.#isFull = false;
    if (this.#subscription === undefined) this.#begin();
    else this.#goOn();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#subscription?.unsubscribe();
    if (!this.source.readableEnded) for (const stream of new Set([this.source, this.origin])) stream.destroy(error ?? undefined);
    done(error);
  }

  held(_bytes: number, tight: number): void {
    this.#tight += tight;
    if (this.#tight > 0) this.source.pause();
    else this.#goOn();
  }

  onHurry(): void {
    // Nothing is swapped here.
  }

  turn(emit: () => void): void {
    emit();
  }

  offer(_bytes: number, emit: () => void): boolean {
    emit();
    return true;
  }

  #begin(): void {
    const { source } = this;
    this.#subscription = holdingThrough(this, () =>
      this.operator(this.#input).subscribe({
        next: (chunk) => {
          this.#isFull = !this.push(chunk);
          if (this.#isFull) source.pause();
        },
        error: (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
        complete: () => {
          this.push(null);
          // An operator may complete early (`take`): the rest is read and dropped.
          source.resume();
        },
      }),
    );
    source.on("data", (chunk: Buffer | string) => {
      this.#input.next(Buffer.from(chunk as Buffer));
      if (!this.#isFull && this.#tight === 0) source.resume();
    });
    source.once("end", () => this.#input.complete());
    if (source.readableEnded) this.#input.complete();
  }

  #goOn(): void {
    if (!this.#isFull && this.#tight === 0 && !this.source.readableEnded) this.source.resume();
  }
}
