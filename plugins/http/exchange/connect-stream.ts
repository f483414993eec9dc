import { SluiceError } from "sluice";
import { constants, type Http2Stream } from "node:http2";
import { Duplex } from "node:stream";

/** Bytes that are read in advance, and bytes that may wait to be written. */
const HIGH_WATER = 64 * 1024;

/** Facts that a Node stream of HTTP/2 does not tell. */
export interface StreamFacts {
  /** Whether the peer has ended its side: Node emits "end" also when the peer broke off. */
  isEnded(): boolean;
  /** The side of the peer, for errors. */
  readonly side: "client" | "upstream";
}

/** The bytes of an HTTP/2 stream that carries another protocol (RFC 8441). Each side ends on its own, and a reset is an error, not an end. */
export class ConnectStream extends Duplex {
  #isEnded = false;

  constructor(
    private readonly stream: Http2Stream,
    private readonly facts: StreamFacts,
  ) {
    super({ highWaterMark: HIGH_WATER, allowHalfOpen: true });
    // An error before anybody reads must not be uncaught.
    this.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => {
      // After the peer's end, at most one window of data is left, so it is not paused: the connection may close before it is read.
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
    // RFC 8441 section 5: a reset of one side becomes CANCEL on the other.
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
    return new SluiceError(side === "client" ? "SLUICE_CLIENT_RESET" : "SLUICE_UPSTREAM_RESET", `the ${side} reset an HTTP/2 stream`);
  }
}
