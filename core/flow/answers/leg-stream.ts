import { take, type Observable, type Subscription } from "rxjs";
import type { Duplex } from "node:stream";
import { SluiceError, type Leg, type LegReader, type Upstream } from "../../contract/index.ts";
import { SocketStream } from "./socket-stream.ts";

/** A leg as a Node stream. */
export interface LegDuplex extends Duplex {
  /** Whether the leg is still being opened: written data waits. The stream emits `connect` when the leg is open. */
  readonly connecting: boolean;
  /** The endpoint, once the leg is open. */
  readonly endpoint: string | undefined;
}

/**
 * An upstream leg as a Node stream, for a plugin that speaks a protocol of its own with an upstream. The stream owns the leg: end, destruction
 * (with an error: a reset) and back-pressure pass both ways. A failure of the leg, also to open it, is the stream's `error`, a SluiceError.
 *
 * @param attempt opens the leg: it is subscribed to once, immediately
 */
export function legStream(attempt: Observable<Upstream>): LegDuplex {
  return new LegStream(attempt);
}

class LegStream extends SocketStream implements LegDuplex {
  connecting = true;
  endpoint: string | undefined = undefined;
  #waiting: ((error?: Error | null) => void) | undefined;
  #leg: Leg | undefined;
  #opening: Subscription | undefined;
  #opened: ((error?: Error | null) => void) | undefined;
  readonly #feed: Feed;

  constructor(private readonly attempt: Observable<Upstream>) {
    super();
    this.#feed = new Feed(this);
  }

  /** Node lets writes and reads wait until this calls back. */
  override _construct(done: (error?: Error | null) => void): void {
    if (this.destroyed) {
      done();
      return;
    }
    this.#opened = done;
    this.#opening = this.attempt.pipe(take(1)).subscribe({
      next: (upstream) => {
        this.#adopt(upstream);
      },
      error: (error: unknown) => {
        this.#settle(error as Error);
      },
      complete: () => {
        this.#settle(new SluiceError("SLUICE_UPSTREAM_MISSING", "an attempt completed without a leg"));
      },
    });
  }

  override destroy(error?: Error): this {
    // Node would wait for the leg to open before it destroys.
    this.#opening?.unsubscribe();
    super.destroy(error);
    this.#settle();
    return this;
  }

  #adopt({ leg, endpoint }: Upstream): void {
    this.#leg = leg;
    this.endpoint = endpoint;
    leg.lend = false;
    const drained = (): void => {
      const done = this.#waiting;
      this.#waiting = undefined;
      done?.();
    };
    const closed = (): void => {
      this.destroy();
    };
    leg.onDrain = drained;
    leg.onClosed = closed;
    this.connecting = false;
    this.#settle();
    this.emit("connect");
    leg.read(this.#feed);
  }

  #settle(error?: Error): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.(error);
  }

  override _read(): void {
    if (!this.#feed.stopped) return;
    this.#feed.stopped = false;
    this.#leg?.resume();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#leg?.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#waiting = undefined;
    // A leg that has ended both ways closes by itself, after its last byte.
    if (error !== null) this.#leg?.reset();
    else if (!this.readableEnded || !this.writableFinished) this.#leg?.destroy();
    done(error);
  }

  protected override pass(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (this.#leg?.write(chunk) !== false) done();
    else this.#waiting = done;
  }

  received(chunk: Buffer): boolean {
    this.touch();
    return this.push(chunk);
  }
}

/** Reads the leg for the stream. The stream cannot be the reader itself, since both have an `end`. */
class Feed implements LegReader {
  stopped = false;
  /** Nothing is lent. */
  readonly done = true;

  constructor(private readonly stream: LegStream) {}

  data(chunk: Buffer): boolean {
    this.stopped = !this.stream.received(chunk);
    return !this.stopped;
  }

  end(): void {
    this.stream.push(null);
  }

  failed(error: SluiceError): void {
    this.stream.destroy(error);
  }
}
