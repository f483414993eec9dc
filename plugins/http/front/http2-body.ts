import { SluiceError } from "sluice";
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { tooLarge } from "../message/body-length.ts";
import { requestRefused } from "../message/failure.ts";
import { RESET_FOLLOWS_MS } from "../message/http2-frames.ts";
import type { StreamEnding } from "./client-frames.ts";
import type { Http2Response } from "./http2-response.ts";
import { RequestBody } from "../exchange/request-body.ts";

export interface Http2BodyTerms {
  /** Whether the client declared the length. */
  readonly hasLength: boolean;
  /** How the client ended its side, according to its frames so far. */
  readonly ending: () => StreamEnding | undefined;
  /** The most trailers. */
  readonly fields: number;
  /** The most bytes: a longer body is destroyed with an error. @default any */
  readonly most?: number | undefined;
}

/**
 * The body of a request in a stream of HTTP/2. Node emits "end" also when the client broke off (RST_STREAM, or the end of the
 * connection). The body has ended only if the client's frames ended the stream (RFC 9113 section 8.1).
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
    // Decides now when the way of the end is known; else waits for a reset that may follow.
    if (hasLength || stream.closed || ending() !== "perhaps") settle();
    else setTimeout(setImmediate, RESET_FOLLOWS_MS, settle);
  });
  stream.once("close", settle);
  // After the response, nobody reads the rest of the body.
  const sent = (): void => {
    settle();
    if (!stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
  };
  response.onSent = sent;
  return body;
}
