import { SluiceError } from "sluice";
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { tooLarge } from "../message/body-length.ts";
import { requestRefused } from "../message/failure.ts";
import { RESET_FOLLOWS_MS } from "../message/http2-frames.ts";
import type { StreamEnding } from "./client-frames.ts";
import type { Http2Response } from "./http2-response.ts";
import { RequestBody } from "../exchange/request-body.ts";

export interface Http2BodyTerms {
  /** The client said how long it is. */
  readonly hasLength: boolean;
  /** How the client ended its side, as far as its frames have come. */
  readonly ending: () => StreamEnding | undefined;
  /** Trailers, at most. */
  readonly fields: number;
  /** Bytes, at most: more of them destroy it with an error that says so. @default any */
  readonly most?: number | undefined;
}

/**
 * The body of a request that comes in a stream of HTTP/2. Node ends what it reads also where the client broke off (RST_STREAM, or the
 * connection's end): only what the client ended is the end of the body (RFC 9113 section 8.1), which its frames tell.
 */
export function http2Body(
  stream: ServerHttp2Stream,
  response: Http2Response,
  { hasLength, ending, fields, most = Infinity }: Http2BodyTerms,
): RequestBody {
  const body = new RequestBody(() => {
    stream.resume();
  });
  let isSettled = false;
  const settle = (): void => {
    if (isSettled) return;
    isSettled = true;
    const isWhole = stream.readableEnded && (response.isEnded || !stream.closed);
    if (isWhole && (ending() ?? "reset") !== "reset") body.push(null);
    else body.destroy(new SluiceError("SLUICE_CLIENT_RESET", "the client broke off the body of its request"));
  };
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > most) body.destroy(requestRefused(tooLarge(most)));
    else if (!body.destroyed && !body.push(chunk)) stream.pause();
  });
  stream.once("trailers", (_headers: IncomingHttpHeaders, _flags: number, raw: unknown) => {
    const trailers = raw as readonly string[];
    if (trailers.length > 2 * fields) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else body.rawTrailers = trailers;
  });
  stream.once("end", () => {
    // What came until then is read before it is settled.
    if (hasLength || stream.closed || ending() !== "perhaps") settle();
    else setTimeout(setImmediate, RESET_FOLLOWS_MS, settle);
  });
  stream.once("close", settle);
  // What still comes of a request that is answered is for nobody.
  const sent = (): void => {
    settle();
    if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
  };
  response.onSent = sent;
  return body;
}
