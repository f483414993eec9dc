import { SluiceError } from "sluice";
import type { Counter, Exchange, Logger, Session } from "sluice";
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type ServerHttp2Session } from "node:http2";
import type { Duplex } from "node:stream";
import { ClientRequest, type Incoming } from "./client-request.ts";
import { rawFailure, statusOf } from "./failure.ts";
import type { Front, FrontConnection } from "./front.ts";
import type { HttpOptions } from "./options.ts";
import type { Outgoing } from "./respond.ts";
import { ServedExchange, type ExchangePlace } from "./served-exchange.ts";
import { StrictFraming } from "./strict-framing.ts";

export interface ConnectionTools {
  readonly front: Front;
  readonly options: HttpOptions;
  readonly logger: Logger;
  readonly exchange: Exchange;
  readonly counters: HttpCounters;
}

/** What is counted of all connections. */
interface HttpCounters {
  readonly requests: Counter;
  /** Of them, those that got no answer, or one that tells of an error. */
  readonly failed: Counter;
  /** Connections that ended because what came was no request. */
  readonly refused: Counter;
}

const statuses: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** One client's connection: its framing is watched, its requests are served one after the other (HTTP/1.1) or side by side (HTTP/2). */
export class Connection implements ExchangePlace, FrontConnection {
  #closing = false;
  /** Set by the front. */
  http2: ServerHttp2Session | undefined = undefined;
  readonly #framing: StrictFraming;
  #stream: Duplex | undefined;
  readonly #active = new Set<ServedExchange>();
  /** The newest request of HTTP/1.1, and what serves it. */
  #current: { readonly incoming: Incoming; readonly exchange: ServedExchange } | undefined;
  /** What is said once the requests before it are answered. */
  #last: { readonly error: SluiceError; readonly status: number } | undefined;
  /** That is said by the newest request's own answer. */
  #isSaid = false;

  constructor(
    private readonly session: Session,
    private readonly tools: ConnectionTools,
  ) {
    this.#framing = new StrictFraming(tools.options.limits);
  }

  get closing(): boolean {
    return this.#closing || this.#isSaid;
  }

  get isBusy(): boolean {
    return this.#active.size > 0;
  }

  get exchange(): Exchange {
    return this.tools.exchange;
  }

  get stream(): Duplex {
    if (this.#stream === undefined) throw new TypeError("the connection has not begun");
    return this.#stream;
  }

  /** The session has begun: bytes may come. */
  begin(stream: Duplex): void {
    this.#stream = stream;
    stream.once("end", () => {
      this.#halfClosed();
    });
    stream.once("retire", () => {
      this.#retire();
    });
    // Node tells only the response whose turn it is.
    stream.once("close", () => {
      for (const exchange of this.#active) exchange.closed();
    });
    if (this.session.tls?.protocol === "h2") {
      this.#framing.protocol = "h2";
      this.#framing.open();
      this.tools.front.serveHttp2(this);
      return;
    }
    wait(stream, this.tools.options.timeouts.headers, () => {
      stream.destroy();
    });
  }

  /** What of a chunk from the client may go on to Node's parser. */
  check(chunk: Buffer): Buffer | null {
    if (this.#isRefused()) return null;
    let whole: Buffer | undefined = chunk;
    if (this.#framing.protocol === undefined) {
      whole = this.#framing.settle(chunk);
      if (whole === undefined) return null;
      wait(this.stream, 0);
      if (this.#framing.protocol === "h2") this.tools.front.serveHttp2(this);
      else this.tools.front.serve(this);
    }
    const good = this.#framing.check(whole);
    if (!this.#isRefused()) return good === whole.length ? whole : partOf(whole, good);
    // After Node has seen what came before it.
    setImmediate(() => {
      const { detail, status } = this.#framing.refusal ?? { detail: "", status: 400 };
      this.#refuse(new SluiceError("SLUICE_HTTP_REQUEST", detail), status);
    });
    return partOf(whole, good);
  }

  request(incoming: Incoming, outgoing: Outgoing, isUpgrade = false): void {
    // The connection ends with an answer to a request before this one.
    if (this.#last !== undefined) return;
    let request: ClientRequest;
    try {
      request = new ClientRequest(this.session, incoming, isUpgrade, this.tools.options.limits.replay);
    } catch (error) {
      this.#refuseRequest(error as SluiceError, incoming, outgoing);
      return;
    }
    const exchange = new ServedExchange(request, outgoing, this);
    this.#active.add(exchange);
    this.#current = { incoming, exchange };
    const { requests, failed } = this.tools.counters;
    requests.inc();
    request.onEnd(({ error }) => {
      if (error !== undefined) failed.inc();
      this.#active.delete(exchange);
      if (this.#active.size === 0) this.#idle();
    });
    exchange.start();
  }

  /** @param outgoing for an answer that is no upgrade */
  upgrade(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { stream } = this;
    this.#closing = true;
    outgoing.assignSocket(stream as never);
    outgoing.once("finish", () => {
      outgoing.detachSocket(stream as never);
      end(stream);
      // As Node's server does for the responses that it begins.
      outgoing.emit("close");
    });
    this.request(incoming, outgoing, true);
  }

  /** Node's parser has refused what came. */
  malformed(code: string): void {
    const status = statuses[code] ?? (code.startsWith("HPE_") ? 400 : undefined);
    if (status === undefined || this.#framing.refusal !== undefined) {
      if (status === undefined) this.stream.destroy();
      return;
    }
    const detail = status === 408 ? "the request did not come in time" : `the request is malformed (${code})`;
    this.#refuse(new SluiceError(status === 408 ? "SLUICE_CLIENT_TIMEOUT" : "SLUICE_HTTP_REQUEST", detail), status);
  }

  broken(error: SluiceError, outgoing: Outgoing): void {
    if ("stream" in outgoing) outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else this.stream.destroy(error);
  }

  failed(error: unknown): void {
    this.tools.logger.warn({ session: this.session.id, err: error }, "a listener of a request's end threw");
  }

  /** The client may have left, or wait for its answer: both begin with a FIN. Once an answer is being written, writing tells. */
  #halfClosed(): void {
    if (this.#current?.exchange.isWaiting !== true) return;
    const timer = setTimeout(() => {
      if (this.#current?.exchange.isWaiting === true) this.stream.destroy();
    }, this.tools.options.timeouts.halfClosed);
    this.stream.once("close", () => {
      clearTimeout(timer);
    });
  }

  #isRefused(): boolean {
    return this.#framing.refusal !== undefined;
  }

  #refuseRequest(error: SluiceError, incoming: Incoming, outgoing: Outgoing): void {
    if ("stream" in outgoing) {
      outgoing.writeHead(statusOf(error), { "content-type": "text/plain; charset=utf-8" });
      outgoing.end(`${error.detail} (${error.code})\n`);
      this.#log(error, statusOf(error));
      return;
    }
    incoming.resume();
    this.#refuse(error, statusOf(error));
  }

  /** Nothing more is served: says why, once what was asked for before has been answered. */
  #refuse(error: SluiceError, status: number): void {
    if (this.#last !== undefined || this.stream.destroyed) return;
    this.#last = { error, status };
    this.#log(error, status);
    // The body of the newest request broke off in it: there will be no better answer to that request.
    if (this.#active.size > 0 && this.#current?.incoming.complete === false) {
      this.#isSaid = true;
      this.#current.exchange.refuse(error, status);
    } else if (this.#active.size === 0) this.#idle();
  }

  /** The session is drained: what is under way is served to its end, and nothing more. */
  #retire(): void {
    this.#closing = true;
    if (this.http2 !== undefined) this.http2.close();
    else if (this.#active.size === 0) this.#idle();
  }

  #idle(): void {
    const last = this.#last;
    if (last !== undefined && !this.#isSaid && this.stream.writable) this.stream.write(rawFailure(last.status, last.error), "latin1");
    if ((last !== undefined || this.#closing) && this.stream.writable) end(this.stream);
  }

  #log(error: SluiceError, status: number): void {
    const { id, client } = this.session;
    this.tools.counters.refused.inc();
    this.tools.logger.info({ session: id, client: String(client), status, code: error.code, reason: error.detail }, "request refused");
  }
}

function partOf(chunk: Buffer, bytes: number): Buffer | null {
  return bytes === 0 ? null : chunk.subarray(0, bytes);
}

/** What the core's streams have of a socket's. */
interface SocketLike extends Duplex {
  setTimeout?(ms: number, callback?: () => void): unknown;
  destroySoon?(): void;
}

function wait(stream: SocketLike, ms: number, callback?: () => void): void {
  stream.setTimeout?.(ms, callback);
}

function end(stream: SocketLike): void {
  if (stream.destroySoon === undefined) stream.end();
  else stream.destroySoon();
}
