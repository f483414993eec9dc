import { SluiceError } from "sluice";
import type { HttpHeaders } from "sluice";
import { constants, type ClientHttp2Stream } from "node:http2";
import type { Requester, ConnectionOwner } from "./requester.ts";
import { Carrier } from "./carrier.ts";
import { endToEnd, first } from "../../message/header-fields.ts";
import { DATA, RESET_FOLLOWS_MS, type Http2Frames } from "../../message/http2-frames.ts";
import type { ConnectionStream, Http2Connection } from "./http2-connection.ts";
import { follow, type StreamFollower } from "./stream-events.ts";
import { headersOf } from "./http2-request-head.ts";
import { sendBody, type BodyProgress, type Http2RequestBody } from "./http2-request-body.ts";
import { ConnectStream } from "../../exchange/connect-stream.ts";
import { acceptOf, isWebSocket } from "../../message/upgrade-protocol.ts";
import type { Outbound } from "../routing/outbound.ts";
import { ResponseBody, type BodyOrigin } from "./response-body.ts";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** A stream of HTTP/2 to an upstream: it carries one request, complete or streamed, and reads its response. */
export class UpstreamStream extends Carrier implements BodyOrigin, BodyProgress, ConnectionStream, StreamFollower {
  /** Whether the upstream has ended its side. */
  isEnding = false;
  /** Whether the end was an empty frame: a reset that follows means that the response broke off. */
  #isBareEnd = false;
  /** Bytes of the body that have come, read or not. */
  #came = 0;
  /** Whether a part of the body was its end, so that no trailers follow. */
  #isEndedByBody = false;
  /** Whether everything was read, and a reset may still follow. */
  #isInDoubt = false;
  /** Whether the connection had been used before. */
  readonly #isLate: boolean;
  #stream: ClientHttp2Stream | undefined;
  #sink: Http2RequestBody | undefined;
  /** Whether no part of the request's body is still to be sent. */
  #isSent = true;
  #body: ResponseBody | undefined;
  /** Bytes of the declared length that were not read yet; NaN: no length was declared. */
  #left = NaN;
  #trailers: readonly string[] = [];
  /** A request for another protocol, and below its stream after the upstream agreed. */
  #asked: Outbound | undefined;
  #upgraded: ConnectStream | undefined;

  constructor(
    private readonly connection: Http2Connection,
    owner: ConnectionOwner<Carrier>,
  ) {
    super(owner);
    this.#isLate = connection.isUsed;
    connection.enter(this);
  }

  get id(): number | undefined {
    return this.#stream?.id;
  }

  read(): void {
    // Node reads by itself.
  }

  /** Sends a request, with its body so far. */
  send(request: Outbound): void {
    const { content, upgrade } = request;
    const hasBody = content !== undefined && content.whole?.length !== 0;
    if (upgrade !== undefined && (hasBody || !this.connection.takesConnect)) {
      this.failed(
        new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `the upstream does not support ${upgrade} over HTTP/2: set http: "1.1" for it`),
      );
      return;
    }
    const stream = this.#begin(request, hasBody);
    if (upgrade !== undefined) this.#asked = request;
    if (stream === undefined || !hasBody) return;
    this.#isSent = false;
    this.#sink = sendBody(content, stream, this);
  }

  #begin(request: Outbound, hasBody: boolean): ClientHttp2Stream | undefined {
    const endStream = !hasBody && request.upgrade === undefined;
    // With waitForTrailers, Node sends no end for a stream that is closed because its request broke off. What is whole does not break off.
    const waitForTrailers = !endStream && !(hasBody && request.content?.whole !== undefined);
    try {
      const stream = this.connection.request(headersOf(request, this.connection.scheme), { endStream, waitForTrailers });
      this.#stream = stream;
      follow(stream, this);
      return stream;
    } catch (error) {
      this.failed(error as Error);
      return undefined;
    }
  }

  expired(): void {
    this.connection.suspect();
    this.asker?.late();
  }

  coming({ type, length, endsStream, isBareEnd }: Http2Frames): void {
    if (type === DATA) this.#came += length;
    if (!endsStream) return;
    this.isEnding = true;
    this.#isBareEnd = isBareEnd;
    this.#isEndedByBody = type === DATA;
    // At most one window of data still waits, and the connection may be closed before it is read.
    if (this.#body !== undefined || this.#upgraded !== undefined) this.#stream?.resume();
  }

  lost(error: SluiceError): void {
    const { failures } = this.owner;
    if (this.#isInDoubt) this.#finish();
    else if (this.#upgraded !== undefined) this.#upgraded.destroy(error);
    else if (this.#isUnprocessed(0)) this.failed(failures.unprocessed());
    else if (this.asker === undefined) this.failed(failures.closedEarly("in the middle of a response"));
    else this.failed(failures.unanswered(error, this.#isLate && this.interims === 0));
  }

  wanted(body: ResponseBody): void {
    if (this.#body === body) this.#stream?.resume();
  }

  left(body: ResponseBody): void {
    if (this.#body === body) this.cancel();
  }

  trailed(raw: readonly string[]): void {
    this.#trailers = raw;
  }

  sent(): void {
    this.#isSent = true;
    this.waits(true);
  }

  informed(status: number, raw: readonly string[]): void {
    this.interim({ status, headers: endToEnd(raw) });
  }

  headed(status: number, raw: readonly string[], isWhole: boolean): void {
    const asker = this.headerCame();
    if (asker === undefined) return;
    const headers = endToEnd(raw);
    if (this.#asked !== undefined && status < 300) return this.#upgrade(asker, headers, this.#asked);
    const length = first(headers, "content-length");
    const whole = isWhole ? undefined : this.#wholeBody(length);
    if (isWhole || whole !== undefined) {
      // Freed before the answer, which may cause the next request.
      this.#finish();
      asker.answered({ status, headers, body: whole, upstream: this.owner.name });
      return;
    }
    const body = new ResponseBody(this);
    this.#body = body;
    this.#left = Number(length ?? NaN);
    // Not earlier: Node may emit data of the body before the header that came with it.
    this.#stream?.on("data", (chunk: Buffer) => {
      this.#left -= chunk.length;
      if (this.#body?.push(chunk) === false && !this.isEnding) this.#stream?.pause();
    });
    this.owner.streams(this, headers);
    asker.answered({ status, headers, body, trailers: () => endToEnd(this.#trailers), upstream: this.owner.name });
  }

  /** The body, if all of it has come with the header, and neither trailers nor a reset can follow. Node resets one that is too short. */
  #wholeBody(length: string | undefined): Buffer | undefined {
    const stream = this.#stream;
    const isLong = stream?.readableLength === this.#came && Number(length ?? this.#came) === this.#came;
    const isWhole = isLong && this.#isEndedByBody && !this.#isBareEnd;
    // Null where a reset came, too. Without a number, Node 26 reads one part only.
    return isWhole ? ((stream.read(this.#came) as Buffer | null) ?? undefined) : undefined;
  }

  /** Gives the stream to the asker. It keeps its place on the connection, but counts in no limit any more. */
  #upgrade(asker: Requester, headers: HttpHeaders, { upgrade = "", headers: asked }: Outbound): void {
    const stream = this.#stream as ClientHttp2Stream;
    const upgraded = (this.#upgraded = new ConnectStream(stream, { isEnded: () => this.isEnding, side: "upstream" }));
    this.answered = undefined;
    this.leave();
    stream.once("close", () => {
      this.connection.isUsed = true;
      this.connection.leave(this);
    });
    headers["upgrade"] = upgrade;
    const key = first(asked, "sec-websocket-key");
    if (isWebSocket(upgrade) && key !== undefined) headers["sec-websocket-accept"] = acceptOf(key);
    asker.answered({ status: 101, headers, upgraded, upstream: this.owner.name });
  }

  /**
   * A server on Node that cancels a response sends an end, and then a reset. If the request has ended, neither of the two tells of an error
   * (docs/reliability.md); if the request is still being sent, the reset does. A response with a declared length that has come is complete, also where a
   * server on Node that is busy sends a reset without an error in place of the end.
   */
  ended(): void {
    const stream = this.#stream as ClientHttp2Stream;
    if (!this.isEnding && (this.#left !== 0 || stream.rstCode !== NGHTTP2_NO_ERROR)) return;
    if (!this.#isBareEnd || !Number.isNaN(this.#left) || stream.writableFinished) {
      this.#finish();
      return;
    }
    const settle = (): void => {
      // Otherwise the event "close" decides.
      if (!stream.closed || stream.rstCode === NGHTTP2_NO_ERROR) this.#finish();
    };
    this.#isInDoubt = !stream.closed;
    if (stream.closed) settle();
    else setTimeout(setImmediate, RESET_FOLLOWS_MS, settle);
  }

  /** Ends a complete response. */
  #finish(): void {
    const body = this.#body;
    this.#body = undefined;
    this.connection.isUsed = true;
    body?.push(null);
    // The rest of its request is not needed (RFC 9113 section 8.1).
    this.#end(this.#isSent ? undefined : NGHTTP2_CANCEL);
  }

  closed(): void {
    // Most have ended before: no error is made for nothing.
    if (this.isGone) return;
    const code = this.#stream?.rstCode ?? NGHTTP2_NO_ERROR;
    const { failures } = this.owner;
    // After its answer, a server may refuse the rest of the request with a reset without an error (RFC 9113 section 8.1).
    if (this.#isInDoubt && code === NGHTTP2_NO_ERROR) this.#finish();
    else this.failed(this.#isUnprocessed(code) ? failures.unprocessed() : failures.streamReset(code));
  }

  /** Whether the upstream says that it did not process the request (RFC 9113 section 8.7). */
  #isUnprocessed(code: number): boolean {
    if (this.asker === undefined) return false;
    return code === NGHTTP2_REFUSED_STREAM || (this.id ?? Infinity) > this.connection.lastProcessed;
  }

  override failed(error: Error): void {
    if (this.isGone) return;
    const asker = this.asker;
    const body = this.#body;
    this.#body = undefined;
    this.cancel();
    body?.breakOff(error);
    asker?.failed(error as SluiceError);
  }

  protected override cancel(): void {
    this.#end(NGHTTP2_CANCEL);
  }

  /** @param code the code of the reset; undefined when the stream ends by itself */
  #end(code: number | undefined): void {
    if (this.isGone) return;
    // First, since a body that is destroyed says that it broke off.
    this.isGone = true;
    const stream = this.#stream;
    if (code !== undefined && stream?.closed === false) stream.close(code);
    this.#sink?.destroy();
    // Node keeps the stream until everything was read.
    stream?.resume();
    this.connection.leave(this);
    this.leave();
  }
}
