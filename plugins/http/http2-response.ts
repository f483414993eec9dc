import type { HttpHeaders } from "sluice";
import { constants, type Http2ServerResponse } from "node:http2";
import { endToEnd } from "./header-fields.ts";
import type { ResponseSink } from "./response-sink.ts";

/** A response in a stream of HTTP/2. */
export class Http2Response implements ResponseSink {
  status = 0;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  #isEnded = false;

  constructor(private readonly outgoing: Http2ServerResponse) {
    outgoing.on("drain", () => this.onDrain?.());
    outgoing.once("close", () => this.onClosed?.());
  }

  /** A stream finishes by a reset, too. */
  get isWhole(): boolean {
    return this.#isEnded && this.outgoing.stream.rstCode === constants.NGHTTP2_NO_ERROR;
  }

  goOn(): void {
    this.outgoing.writeContinue();
  }

  hint(headers: HttpHeaders): void {
    this.outgoing.writeEarlyHints(headers);
  }

  /** HTTP/2 wants an object, and has no Connection. */
  head(status: number, fields: readonly string[]): void {
    this.outgoing.writeHead(status, endToEnd(fields));
    this.status = status;
  }

  flush(): void {
    // Node has sent it.
  }

  write(chunk: Buffer): boolean {
    return this.outgoing.write(chunk);
  }

  end(last?: Buffer): void {
    this.#isEnded = true;
    if (last === undefined) this.outgoing.end();
    else this.outgoing.end(last);
  }

  trail(trailers: HttpHeaders): void {
    this.outgoing.addTrailers(trailers);
    this.end();
  }

  abort(): void {
    this.outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}
