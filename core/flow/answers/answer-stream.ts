import type { Duplex } from "node:stream";
import { reasonOf, SluiceError, type Leg, type LegReader, type Session, type Upstream } from "../../contract/index.ts";
import { SocketStream } from "./socket-stream.ts";

/** How long data from the client is still read and dropped after the answer's end: closing at once could make the client lose the answer (RST). */
const LINGER_MS = 2_000;

/**
 * Makes an upstream leg that answers by itself through a Node stream, for a plugin's `connect` hook: like `answer`, for code that reads and
 * writes a stream, such as Node's `http`.
 *
 * @param name the endpoint's name in logs
 * @param use called with the stream once the session has begun. The stream delivers the data that would go to an upstream, after every byte
 * hook; data written to it goes to the client. Ending it sends FIN; destroying it before that ends the session, with a reset when there is an
 * error. It emits `retire` when the session is being drained: end it as soon as the work in progress is done.
 */
export function answerStream(name: string, use: (stream: Duplex, session: Session) => void, session: Session): Upstream {
  return { endpoint: name, leg: new StreamLegAnswer(name, use, session) };
}

class StreamLegAnswer implements Leg {
  readonly datagrams = false;
  readonly records = false;
  readonly borrows = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  readonly #stream: AnswerStream;
  #reader: LegReader | undefined;
  #full = false;
  #waiting: (() => void) | undefined;

  constructor(
    private readonly name: string,
    private readonly use: (stream: Duplex, session: Session) => void,
    private readonly session: Session,
  ) {
    this.#stream = new AnswerStream(this);
    this.#stream.once("close", () => this.onClosed?.());
  }

  get pending(): number {
    return this.#stream.readableLength;
  }

  read(reader: LegReader): void {
    this.#reader = reader;
    try {
      this.use(this.#stream, this.session);
    } catch (error) {
      this.#stream.destroy(error instanceof Error ? error : new Error(reasonOf(error)));
    }
  }

  resume(): void {
    const done = this.#waiting;
    this.#waiting = undefined;
    done?.();
  }

  write(chunk: Buffer): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.readableEnded || chunk.length === 0) return true;
    if (stream.received(chunk)) return true;
    this.#full = true;
    return false;
  }

  end(): void {
    if (!this.#stream.destroyed) this.#stream.push(null);
  }

  retire(): void {
    this.#stream.emit("retire");
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    this.#reader = undefined;
    this.#stream.destroy();
  }

  /** The stream's user has room again. */
  wanted(): void {
    if (!this.#full) return;
    this.#full = false;
    this.onDrain?.();
  }

  /** The stream's user wrote. */
  wrote(chunk: Buffer, done: () => void): void {
    if (this.#reader === undefined || this.#reader.data(chunk)) done();
    else this.#waiting = done;
  }

  finished(): void {
    this.#reader?.end();
  }

  /** The stream was destroyed before both of its directions had ended. */
  broken(error: Error | null): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (error === null) reader?.failed(new SluiceError("SLUICE_CLOSED", `${this.name} closed the connection`));
    else if (SluiceError.is(error)) reader?.failed(error);
    else reader?.failed(new SluiceError("SLUICE_UPSTREAM_RESET", `${this.name}: ${reasonOf(error)}`, { cause: error }));
  }
}

class AnswerStream extends SocketStream {
  constructor(private readonly leg: StreamLegAnswer) {
    super();
  }

  received(chunk: Buffer): boolean {
    this.touch();
    return this.push(chunk);
  }

  override _read(): void {
    this.leg.wanted();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.leg.finished();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error !== null || !this.readableEnded || !this.writableFinished) this.leg.broken(error);
    done(error);
  }

  protected override pass(chunk: Buffer, done: (error?: Error | null) => void): void {
    this.leg.wrote(chunk, done);
  }

  /** Node's `http` calls this after the last response of a connection: sends FIN, then ends, although the client may still send. */
  override destroySoon(): void {
    this.end();
    this.resume();
    const timer = setTimeout(() => this.destroy(), LINGER_MS);
    timer.unref();
    this.once("close", () => {
      clearTimeout(timer);
    });
  }
}
