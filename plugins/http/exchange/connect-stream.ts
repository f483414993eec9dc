import { SluiceError } from "sluice";
import { constants, type Http2Stream } from "node:http2";
import { Duplex } from "node:stream";

/** Bytes that are read ahead, and that may wait to be written. */
const HIGH_WATER = 64 * 1024;

/** What a stream of HTTP/2 cannot tell by itself. */
export interface StreamFacts {
  /** Whether the peer has ended its side: Node ends what it reads also where the peer broke off. */
  isEnded(): boolean;
  /** Whose it is, for errors. */
  readonly side: "client" | "upstream";
}

/** A stream of HTTP/2 that was agreed to carry another protocol (RFC 8441), as bytes: each side ends by itself, and a reset is no end. */
export class ConnectStream extends Duplex {
  #isEnded = false;

  constructor(
    private readonly stream: Http2Stream,
    private readonly facts: StreamFacts,
  ) {
    super({ highWaterMark: HIGH_WATER, allowHalfOpen: true });
    // Who reads it listens for errors; one that comes before must not be uncaught.
    this.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => {
      // What still comes of one that was ended is a window at most, and nobody else may wait for it.
      if (!this.push(chunk) && !facts.isEnded()) stream.pause();
    });
    stream.once("end", () => {
      this.#end();
    });
    stream.once("close", () => {
      this.#end();
      if (!this.#isEnded || !this.writableFinished) this.destroy(this.#brokenOff());
    });
  }

  override _read(): void {
    this.stream.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.stream.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.stream.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // RFC 8441 section 5: a reset of either side is CANCEL on the other.
    if (!this.stream.closed && (error !== null || !this.#isEnded || !this.writableFinished)) this.stream.close(constants.NGHTTP2_CANCEL);
    done(error);
  }

  #end(): void {
    if (this.#isEnded || !this.facts.isEnded()) return;
    this.#isEnded = true;
    this.push(null);
  }

  #brokenOff(): SluiceError {
    const { side } = this.facts;
    return new SluiceError(side === "client" ? "SLUICE_CLIENT_RESET" : "SLUICE_UPSTREAM_RESET", `the ${side} reset a stream of HTTP/2`);
  }
}
