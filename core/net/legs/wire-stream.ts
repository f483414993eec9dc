import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { LegReader, SluiceError, WireTap } from "../../contract/index.ts";
import { lendHandle, streamBelow } from "../node/lent-handle.ts";
import { StreamLeg } from "./stream-leg.ts";

/** Bytes that are read ahead of TLS. */
const HIGH_WATER = 64 * 1024;

/**
 * A socket with somebody who watches its encrypted bytes, as what TLS stands on. Node's TLS reads a socket's handle below JavaScript, where
 * nobody sees what passes; so here it stands on a stream (ADR 0058).
 */
export class WireStream extends Duplex {
  #writing: ((error?: Error | null) => void) | undefined;
  #isReading = false;
  #isReset = false;
  #carries = false;
  readonly #feed: Feed;

  constructor(
    private readonly leg: StreamLeg,
    private readonly tap: Required<WireTap>,
  ) {
    super({ highWaterMark: HIGH_WATER });
    this.#feed = new Feed(this);
    const drained = (): void => {
      const done = this.#writing;
      this.#writing = undefined;
      done?.();
    };
    // What came before a regular end is read first; after both ends it is destroyed by itself.
    const closed = (): void => {
      if (!this.#feed.ended || !this.writableFinished) this.destroy();
    };
    leg.onDrain = drained;
    leg.onClosed = closed;
    // Before whoever stands on it: a secret comes from the bytes that have been noted then.
    this.on("data", (chunk: Buffer) => {
      tap.received(chunk);
    });
    this.on("end", () => {
      tap.ended();
    });
    this.pause();
  }

  /** The socket below, for what is asked of it and not read or written. */
  get socket(): Socket {
    return this.leg.socket;
  }

  setNoDelay(on: boolean): this {
    this.socket.setNoDelay(on);
    return this;
  }

  /** TLS stands on it: what is asked of its handle is asked of the socket's. */
  carry(secured: TLSSocket): void {
    if (this.#carries) return;
    this.#carries = true;
    lendHandle(secured, {
      socket: this.socket,
      hasEnded: () => this.readableEnded,
      reset: () => {
        this.#isReset = true;
      },
    });
  }

  /** A secret of the TLS that stands on it. */
  secret(line: Buffer): void {
    this.tap.secret(line);
  }

  override _read(): void {
    if (!this.#isReading) {
      this.#isReading = true;
      // Not at once: what is there before TLS has begun to listen, Node gives it twice (initRead of _tls_wrap).
      setImmediate(() => {
        this.leg.read(this.#feed);
      });
    } else if (this.#feed.stopped) {
      this.#feed.stopped = false;
      this.leg.resume();
    }
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.tap.sent(chunk);
    if (this.leg.write(chunk)) done();
    else this.#writing = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.tap.finished();
    this.leg.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#writing = undefined;
    if (this.#isReset) this.leg.reset();
    else this.leg.destroy();
    this.tap.closed();
    done(error);
  }
}

/** Reads the socket for the stream. The stream cannot be the reader itself, since both have an `end`. */
class Feed implements LegReader {
  stopped = false;
  ended = false;
  /** Nothing is lent. */
  readonly done = true;

  constructor(private readonly wire: WireStream) {}

  data(chunk: Buffer): boolean {
    this.stopped = !this.wire.push(chunk);
    return !this.stopped;
  }

  end(): void {
    this.ended = true;
    this.wire.push(null);
  }

  failed(error: SluiceError): void {
    this.wire.destroy(error);
  }
}

/** The wire that a TLS socket stands on, if it stands on one; undefined once it is closed. */
export function wireOf(secured: TLSSocket): WireStream | undefined {
  const below = streamBelow(secured);
  return below instanceof WireStream ? below : undefined;
}

/** What TLS is to stand on: the socket, or where somebody watches, a stream over it. */
export function belowTls(socket: Socket, label: string, tap: Required<WireTap> | undefined): Socket | WireStream {
  return tap === undefined ? socket : new WireStream(new StreamLeg(socket, "upstream", label), tap);
}
