import { SluiceError } from "sluice";
import type { HttpHeaders } from "sluice";
import { constants, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import type { Asker, ConnectionOwner } from "./asker.ts";
import type { Carrier } from "./carrier.ts";
import { Deadline } from "../message/deadline.ts";
import { endToEnd, first } from "../message/header-fields.ts";
import { RESET_FOLLOWS_MS } from "../message/http2-frames.ts";
import type { ConnectionStream, Http2Connection } from "./http2-connection.ts";
import { headersOf } from "./http2-request-head.ts";
import { Http2RequestBody } from "./http2-request-body.ts";
import { ConnectStream } from "../exchange/connect-stream.ts";
import { acceptOf, isWebSocket } from "../message/web-socket.ts";
import type { Outbound } from "./outbound.ts";
import { ReplayBody } from "../exchange/replay-body.ts";
import { ResponseBody, type BodyOrigin } from "./response-body.ts";
import { MOST_INTERIM } from "./upstream-failure.ts";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_FLAG_END_STREAM, NGHTTP2_REFUSED_STREAM } = constants;

/** A stream of HTTP/2 to an upstream: it carries one request, of every kind, and reads its response. */
export class UpstreamStream implements Carrier, BodyOrigin, ConnectionStream {
  client: string | undefined = undefined;
  /** The upstream has ended it. */
  isEnding = false;
  /** Its end brought nothing: a reset behind it says that it was none. */
  #isBareEnd = false;
  /** All of it was read, but it is waited for that reset. */
  #isInDoubt = false;
  readonly #deadline = new Deadline(this);
  /** The connection had been used before. */
  readonly #isLate: boolean;
  #asker: Asker | undefined;
  /** Who was answered, until the response has ended. */
  #answered: Asker | undefined;
  #timeout = 0;
  #stream: ClientHttp2Stream | undefined;
  #sink: Http2RequestBody | undefined;
  #body: ResponseBody | undefined;
  #hasLength = false;
  #trailers: readonly string[] = [];
  /** Responses before the response. */
  #interims = 0;
  #isGone = false;
  /** What asks for another protocol, and that once it is spoken. */
  #asked: Outbound | undefined;
  #upgraded: ConnectStream | undefined;

  constructor(
    private readonly connection: Http2Connection,
    private readonly owner: ConnectionOwner<UpstreamStream>,
  ) {
    this.#isLate = connection.isUsed;
    connection.enter(this);
  }

  get id(): number | undefined {
    return this.#stream?.id;
  }

  ask(asker: Asker, timeout: number): void {
    this.#asker = asker;
    this.#timeout = timeout;
    this.#deadline.set(timeout);
  }

  read(): void {
    // Node does.
  }

  /** Sends a request, with what there is of its body. */
  send(request: Outbound): void {
    const { content, upgrade } = request;
    const hasBody = content !== undefined && content.whole?.length !== 0;
    if (upgrade !== undefined && (hasBody || !this.connection.takesConnect)) {
      this.#fail(new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `the upstream takes no ${upgrade} over HTTP/2: give it http: "1.1"`));
      return;
    }
    const stream = this.#begin(request, hasBody);
    if (upgrade !== undefined) this.#asked = request;
    if (stream !== undefined && hasBody) this.#sendBody(content, stream);
  }

  #begin(request: Outbound, hasBody: boolean): ClientHttp2Stream | undefined {
    const { scheme } = this.connection;
    try {
      const stream = this.connection.request(headersOf(request, scheme), !hasBody && request.upgrade === undefined);
      this.#stream = stream;
      this.#follow(stream);
      return stream;
    } catch (error) {
      this.#fail(error as Error);
      return undefined;
    }
  }

  #sendBody(content: NonNullable<Outbound["content"]>, stream: ClientHttp2Stream): void {
    const sink = new Http2RequestBody(stream, {
      waits: (isWaiting) => this.#waits(isWaiting),
      sent: () => this.#waits(true),
      brokeOff: () => this.#brokeOff(),
    });
    this.#sink = sink;
    if (content instanceof ReplayBody) content.pipeTo(sink);
    else sink.end(content.whole);
  }

  abandon(asker: Asker): void {
    if (this.#asker === asker) this.#end(NGHTTP2_CANCEL);
    else if (this.#answered === asker) this.#brokeOff();
  }

  expired(): void {
    this.connection.suspect();
    this.#asker?.late();
  }

  ending(isBare: boolean): void {
    this.isEnding = true;
    this.#isBareEnd = isBare;
    // What still waits is one window at most, and the connection may be gone before it is asked for.
    if (this.#body !== undefined || this.#upgraded !== undefined) this.#stream?.resume();
  }

  lost(error: SluiceError): void {
    const { failures } = this.owner;
    if (this.#isInDoubt) this.#finish();
    else if (this.#upgraded !== undefined) this.#upgraded.destroy(error);
    else if (this.#isUnprocessed(0)) this.#fail(failures.unprocessed());
    else if (this.#isLate && this.#interims === 0 && error.code === "SLUICE_UPSTREAM_RESET" && this.#asker !== undefined)
      this.#fail(failures.stale());
    else this.#fail(this.#asker === undefined ? failures.closedEarly("in the middle of a response") : error);
  }

  wanted(body: ResponseBody): void {
    if (this.#body === body) this.#stream?.resume();
  }

  left(body: ResponseBody): void {
    if (this.#body === body) this.#end(NGHTTP2_CANCEL);
  }

  #follow(stream: ClientHttp2Stream): void {
    stream.on("error", () => undefined);
    stream.on("headers", (headers: IncomingHttpHeaders, _flags: number, raw?: unknown) => {
      this.#informed(Number(headers[":status"]), raw as readonly string[]);
    });
    stream.once("response", (headers, flags, raw?: unknown) => {
      this.#headed(Number(headers[":status"]), raw as readonly string[], (flags & NGHTTP2_FLAG_END_STREAM) !== 0);
    });
    stream.once("trailers", (_headers, _flags, raw?: unknown) => {
      this.#trailers = raw as readonly string[];
    });
    stream.once("end", () => {
      if (this.isEnding) this.#ended(stream);
    });
    stream.once("close", () => {
      this.#closed(stream.rstCode);
    });
  }

  /** @param isWaiting for the upstream to take a part of the request, or to answer */
  #waits(isWaiting: boolean): void {
    // While the client lets it wait, the upstream need not answer.
    if (this.#asker?.isExpecting === false) this.#deadline.set(isWaiting ? this.#timeout : 0);
  }

  #informed(status: number, raw: readonly string[]): void {
    this.#interims += 1;
    if (this.#interims > MOST_INTERIM) this.#fail(this.owner.failures.endlessInterim());
    else this.#asker?.informed({ status, headers: endToEnd(raw) });
  }

  #headed(status: number, raw: readonly string[], isWhole: boolean): void {
    const asker = this.#asker;
    if (asker === undefined) return;
    const headers = endToEnd(raw);
    this.#deadline.set(0);
    this.#asker = undefined;
    this.#answered = asker;
    const upstream = this.owner.name;
    if (this.#asked !== undefined && status < 300) {
      this.#upgrade(asker, headers, this.#asked);
      return;
    }
    if (isWhole) {
      // Free before the answer: it may bring the next request.
      this.#finish();
      asker.answered({ status, headers, upstream });
      return;
    }
    const body = new ResponseBody(this);
    this.#body = body;
    this.#hasLength = first(headers, "content-length") !== undefined;
    // Not before: Node tells of a header that came with a part of the body after that part.
    this.#stream?.on("data", (chunk: Buffer) => {
      if (this.#body?.push(chunk) === false && !this.isEnding) this.#stream?.pause();
    });
    this.owner.streams(this, headers);
    asker.answered({ status, headers, body, trailers: () => endToEnd(this.#trailers), upstream });
  }

  /** From here on the stream is the asker's: it has its place on the connection, and counts in no limit. */
  #upgrade(asker: Asker, headers: HttpHeaders, { upgrade = "", headers: asked }: Outbound): void {
    const stream = this.#stream as ClientHttp2Stream;
    const upgraded = (this.#upgraded = new ConnectStream(stream, { isEnded: () => this.isEnding, side: "upstream" }));
    this.#isGone = true;
    this.#answered = undefined;
    this.owner.gone(this);
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
   * Node's server ends a response that it cancels, and resets it behind that. Where its request has ended, both say nothing of an error (docs/reliability.md);
   * where it goes on, the reset does. One whose length was said and has come is complete, whatever follows.
   */
  #ended(stream: ClientHttp2Stream): void {
    if (!this.#isBareEnd || this.#hasLength || stream.writableFinished) {
      this.#finish();
      return;
    }
    const settle = (): void => {
      // Else its `close` tells.
      if (!stream.closed || stream.rstCode === NGHTTP2_NO_ERROR) this.#finish();
    };
    this.#isInDoubt = !stream.closed;
    if (stream.closed) settle();
    else setTimeout(setImmediate, RESET_FOLLOWS_MS, settle);
  }

  /** The response is complete. */
  #finish(): void {
    const body = this.#body;
    this.#body = undefined;
    this.connection.isUsed = true;
    body?.push(null);
    // What is still sent of its request, nobody waits for (RFC 9113 section 8.1).
    this.#end(this.#sink?.writableFinished === false ? NGHTTP2_CANCEL : undefined);
  }

  #closed(code: number): void {
    const { failures } = this.owner;
    // A server that has answered may want no more of the request, and says so without an error (RFC 9113 section 8.1).
    if (this.#isInDoubt && code === NGHTTP2_NO_ERROR) this.#finish();
    else this.#fail(this.#isUnprocessed(code) ? failures.unprocessed() : failures.streamReset(code));
  }

  /** The upstream has said that it did nothing with it (RFC 9113 section 8.7). */
  #isUnprocessed(code: number): boolean {
    if (this.#asker === undefined) return false;
    return code === NGHTTP2_REFUSED_STREAM || (this.id ?? Infinity) > this.connection.lastProcessed;
  }

  #brokeOff(): void {
    this.#fail(new SluiceError("SLUICE_CLIENT_RESET", "the request broke off"));
  }

  #fail(error: Error): void {
    if (this.#isGone) return;
    const asker = this.#asker;
    const body = this.#body;
    this.#body = undefined;
    this.#end(NGHTTP2_CANCEL);
    body?.destroy(error);
    asker?.failed(error as SluiceError);
  }

  /** @param code to reset the stream with; undefined: it ends by itself */
  #end(code: number | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const answered = this.#answered;
    const stream = this.#stream;
    this.#asker = undefined;
    this.#answered = undefined;
    this.#deadline.stop();
    if (code !== undefined && stream?.closed === false) stream.close(code);
    this.#sink?.destroy();
    // Node keeps it until all was read.
    stream?.resume();
    this.connection.leave(this);
    this.owner.gone(this);
    answered?.over();
  }
}
