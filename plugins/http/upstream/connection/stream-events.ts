import { constants, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";

/** Is told what comes on a stream of HTTP/2. Headers are Node's list of names and values, one after the other. */
export interface StreamFollower {
  /** Called for an interim response. */
  informed(status: number, raw: readonly string[]): void;
  /** Called for the response. @param isWhole whether it has no body */
  headed(status: number, raw: readonly string[], isWhole: boolean): void;
  trailed(raw: readonly string[]): void;
  /** Called when the body was read. */
  ended(): void;
  closed(): void;
}

const follower = Symbol("follower");

type Followed = ClientHttp2Stream & { [follower]: StreamFollower | undefined };

/** Follows a stream. Its listeners are the same for all streams: to make some for each costs a microsecond. */
export function follow(stream: ClientHttp2Stream, by: StreamFollower): void {
  (stream as Followed)[follower] = by;
  stream.on("error", ignore);
  stream.on("headers", onHeaders);
  stream.on("response", onResponse);
  stream.on("trailers", onTrailers);
  stream.on("end", onEnd);
  stream.on("close", onClose);
}

/** The event "close" follows, and says as much. */
function ignore(): void {
  // Nothing is to be done.
}

function onHeaders(this: Followed, headers: IncomingHttpHeaders, _flags: number, raw?: unknown): void {
  this[follower]?.informed(Number(headers[":status"]), raw as readonly string[]);
}

function onResponse(this: Followed, headers: IncomingHttpHeaders, flags: number, raw?: unknown): void {
  this[follower]?.headed(Number(headers[":status"]), raw as readonly string[], (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0);
}

function onTrailers(this: Followed, _headers: IncomingHttpHeaders, _flags: number, raw?: unknown): void {
  this[follower]?.trailed(raw as readonly string[]);
}

function onEnd(this: Followed): void {
  this[follower]?.ended();
}

/** Lets go of the request: Node's table of streams keeps a closed one, and all that it leads to, until a full garbage collection (ADR 0060). */
function onClose(this: Followed): void {
  const by = this[follower];
  this[follower] = undefined;
  by?.closed();
}
