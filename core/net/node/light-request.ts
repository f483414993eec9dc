import { AsyncResource } from "node:async_hooks";
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import { Duplex } from "node:stream";

export interface Http2RequestOptions {
  /** Whether the request has no body. */
  readonly endStream: boolean;
  /** Whether `wantTrailers` is emitted before the end of the body. */
  readonly waitForTrailers: boolean;
}

const hasWeight = process.versions.node.startsWith("20.");

/** Whether Node is beginning a request right now. */
let isBeginning = false;
let works: boolean | undefined;

/**
 * Begins a request on a connection of HTTP/2, as `session.request` does, at two thirds of the cost.
 *
 * Up to Node 24, `session.request` calls `AsyncResource.bind`, which gives its result a deprecated property (DEP0172) with four functions, and changes
 * the prototypes of two of them. V8 makes a map in the old generation for each, so all that belongs to a request is copied there, and stays until the
 * next full collection of garbage. Nobody sees that property: while a request begins, `bind` does without it. That Node calls `bind` there is not
 * documented, so it is tried once per process. SLUICE_FAST_ACCEPT=0 turns it off.
 *
 * @throws as `session.request` does
 */
export function requestHttp2(session: ClientHttp2Session, headers: OutgoingHttpHeaders, options: Http2RequestOptions): ClientHttp2Stream {
  isBeginning = canRequestLightly();
  try {
    return session.request(headers, filled(options));
  } finally {
    isBeginning = false;
  }
}

/** Whether a request is begun in this way. */
export function canRequestLightly(): boolean {
  return (works ??= process.env["SLUICE_FAST_ACCEPT"] !== "0" && bindsLightly());
}

/**
 * The options with all that Node would add to its copy of them: one property that it has to add makes a request a fifth more expensive. Later
 * versions than 20 do not add `weight`, and warn where it is there (DEP0194).
 */
function filled({ endStream, waitForTrailers }: Http2RequestOptions): object {
  if (!hasWeight) return { endStream, waitForTrailers, parent: undefined, exclusive: undefined, silent: undefined };
  return { endStream, waitForTrailers, parent: undefined, weight: undefined, exclusive: undefined, silent: undefined };
}

/** Replaces `AsyncResource.bind`. @returns whether Node calls it when a request begins, and sends the request; if not, it is put back */
function bindsLightly(): boolean {
  const { prototype } = AsyncResource;
  // oxlint-disable-next-line typescript/unbound-method -- it is called with the resource
  const { bind } = prototype;
  let calls = 0;
  const light: typeof bind = function (this: AsyncResource, work, ...receiver) {
    if (!isBeginning || receiver.length > 0) return bind.call(this, work, ...receiver) as typeof work;
    calls += 1;
    const bound = (...given: unknown[]): unknown => this.runInAsyncScope(work, undefined, ...given);
    return bound as typeof work;
  };
  prototype.bind = light;
  const isSent = sendsOne() && calls === 1;
  if (!isSent) prototype.bind = bind;
  return isSent;
}

/** Whether a request on a connection that goes nowhere is sent at once. */
function sendsOne(): boolean {
  const nowhere = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const session = connect("http://sluice.invalid", { createConnection: () => nowhere });
  session.on("error", () => undefined);
  try {
    isBeginning = true;
    const stream = session.request({}, { endStream: true });
    stream.on("error", () => undefined);
    return stream.id === 1;
  } catch {
    return false;
  } finally {
    isBeginning = false;
    session.destroy();
  }
}
