import { requestHttp2 } from "sluice";
import type { Http2RequestOptions, Leg, LegReader, SluiceError, Upstream } from "sluice";
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import { Observable } from "rxjs";
import { Deadline } from "../../message/deadline.ts";
import { DATA, Http2Frames, PREFACE } from "../../message/http2-frames.ts";
import { UpgradedStream } from "./upgraded-stream.ts";
import type { UpstreamFailures } from "./upstream-failure.ts";
import { nameOf } from "../../message/stream-reset.ts";

/** Milliseconds for the upstream's first SETTINGS frame (RFC 9113 section 3.4). */
const SETTINGS_MS = 5_000;
/** Milliseconds for the answer to a PING, which is sent when a response is late. */
const PING_MS = 2_000;
/** MiB of memory that Node may use for one connection. */
const MEMORY = 64;

export interface Http2Limits {
  /** Bytes of a response's header. */
  readonly responseHeader: number;
  /** Fields of a response's header. */
  readonly fields: number;
  /** Simultaneous requests on a connection; the upstream may allow fewer. */
  readonly streams: number;
  /** Milliseconds for which an unused connection is kept; 0: none is kept. */
  readonly idleConnection: number;
  /** Milliseconds after which a connection gets no further request; 0: no limit. */
  readonly connectionAge: number;
}

export interface Http2Surroundings {
  /** The way in which it was opened. */
  readonly way: unknown;
  readonly failures: UpstreamFailures;
  readonly limits: Http2Limits;
  /** Whether the connection is kept when it is unused. */
  mayKeep(): boolean;
  gone(connection: Http2Connection): void;
}

/** A request on a connection. */
export interface ConnectionStream {
  /** The stream's number; undefined until the request is sent. */
  readonly id: number | undefined;
  /** Called before a part of the response's body, or the end of the response, is read. */
  coming(frame: Http2Frames): void;
  /** Whether the response has come completely, but is not read yet. */
  readonly isEnding: boolean;
  /** Called when the connection is lost. */
  lost(error: SluiceError): void;
}

/** Emits a connection after the upstream's first SETTINGS frame: before that it may speak any protocol, and no request is sent. */
export function openHttp2(upstream: Upstream, surroundings: Http2Surroundings): Observable<Http2Connection> {
  return new Observable((subscriber) => {
    let isOpen = false;
    const connection = new Http2Connection(upstream, surroundings, {
      opened: () => {
        isOpen = true;
        subscriber.next(connection);
        subscriber.complete();
      },
      failed: (error) => {
        subscriber.error(error);
      },
    });
    connection.read();
    return () => {
      if (!isOpen) connection.close();
    };
  });
}

interface Opening {
  opened(): void;
  failed(error: SluiceError): void;
}

/** A connection of HTTP/2 to an upstream: Node's client uses the leg, and requests share the connection. */
export class Http2Connection implements LegReader {
  /** True: chunks are not lent. */
  readonly done = true;
  readonly scheme: "http" | "https";
  /** Whether a response has ended on it. */
  isUsed = false;
  /** The highest stream that the upstream may have processed, according to its GOAWAY. */
  lastProcessed = Infinity;
  readonly #leg: Leg;
  readonly #wire: UpgradedStream;
  readonly #session: ClientHttp2Session;
  /** No Set: its old tables would keep the streams alive (ADR 0060). They are so few that a search is cheap. */
  readonly #streams: ConnectionStream[] = [];
  readonly #openedAt = performance.now();
  readonly #deadline = new Deadline({ expired: () => this.#expired() });
  readonly #frames = new Http2Frames({
    begun: (frame) => {
      if (frame.type === DATA || frame.endsStream) this.#coming(frame);
    },
  });
  readonly #sentFrames = new Http2Frames({}, PREFACE);
  #opening: Opening | undefined;
  /** The code of the upstream's GOAWAY. */
  #goaway = 0;
  /** Whether it has had no request yet. */
  #isNew = true;
  #isClosing = false;
  #isGone = false;
  #isSuspect = false;

  constructor(
    { leg, protocol }: Upstream,
    private readonly surroundings: Http2Surroundings,
    opening: Opening,
  ) {
    const { responseHeader, fields } = surroundings.limits;
    this.scheme = protocol === undefined ? "http" : "https";
    this.#opening = opening;
    this.#leg = leg;
    leg.lend = false;
    this.#wire = new UpgradedStream(leg, (chunk) => this.#sent(chunk));
    this.#session = connect("http://upstream", {
      createConnection: () => this.#wire,
      maxSessionMemory: MEMORY,
      maxHeaderListPairs: fields,
      settings: { enablePush: false, maxHeaderListSize: responseHeader },
    });
    this.#follow(this.#session);
    this.#deadline.set(SETTINGS_MS);
  }

  get way(): unknown {
    return this.surroundings.way;
  }

  get isIdle(): boolean {
    return this.#streams.length === 0;
  }

  /** Whether it takes another request. */
  get hasRoom(): boolean {
    const { closed, destroyed, remoteSettings } = this.#session;
    if (this.#isClosing || this.#isSuspect || closed || destroyed || this.#ageLeft <= 0) return false;
    // An upstream that allows no streams at first may allow some later: the first request waits for that.
    const least = this.#isNew ? 1 : 0;
    const most = Math.min(this.surroundings.limits.streams, Math.max(least, remoteSettings.maxConcurrentStreams ?? Infinity));
    return this.#streams.length < most;
  }

  get #ageLeft(): number {
    const { connectionAge } = this.surroundings.limits;
    return connectionAge === 0 ? Infinity : this.#openedAt + connectionAge - performance.now();
  }

  read(): void {
    this.#leg.read(this);
  }

  /** Takes a place for a request, until `leave`. */
  enter(stream: ConnectionStream): void {
    this.#streams.push(stream);
    this.#isNew = false;
    this.#deadline.set(0);
  }

  /** Whether a stream may carry another protocol (RFC 8441 section 3). */
  get takesConnect(): boolean {
    return this.#session.remoteSettings.enableConnectProtocol === true;
  }

  /** @throws when Node cannot send a field */
  request(headers: OutgoingHttpHeaders, options: Http2RequestOptions): ClientHttp2Stream {
    return requestHttp2(this.#session, headers, options);
  }

  leave(stream: ConnectionStream): void {
    if (!this.#removed(stream) || this.#streams.length > 0 || this.#isGone) return;
    const { idleConnection } = this.surroundings.limits;
    const left = Math.min(idleConnection, this.#ageLeft);
    if (this.#isClosing || left <= 0 || !this.surroundings.mayKeep()) this.close();
    else this.#deadline.set(left);
  }

  /** @returns whether it was there */
  #removed(stream: ConnectionStream): boolean {
    const at = this.#streams.indexOf(stream);
    const last = at < 0 ? undefined : this.#streams.pop();
    if (last !== undefined && last !== stream) this.#streams[at] = last;
    return at >= 0;
  }

  /** Called when a response is late: checks whether the connection is dead, so that no other request waits on it. */
  suspect(): void {
    if (this.#isSuspect || this.#isGone || this.#session.destroyed) return;
    this.#isSuspect = true;
    this.#deadline.set(PING_MS);
    this.#session.ping((error) => {
      if (error !== null) return;
      this.#isSuspect = false;
      this.#deadline.set(0);
      if (this.isIdle && !this.#isGone) this.#deadline.set(this.surroundings.limits.idleConnection);
    });
  }

  /** Sends GOAWAY and closes. */
  close(): void {
    this.#lost(this.surroundings.failures.closedEarly("without a response"));
  }

  // Receives the bytes of the upstream.
  data(chunk: Buffer): boolean {
    this.#frames.passed(chunk);
    return this.#wire.received(chunk);
  }

  /**
   * The upstream has ended. Node is not told: its session would continue writing to a stream that is being shut down, which ends the process by an
   * assertion (ADR 0008). The bytes so far are read first.
   */
  end(): void {
    this.#isClosing = true;
    const isUnread = this.#wire.readableLength > 0 || this.#streams.some(({ isEnding }) => isEnding);
    if (isUnread && !this.#isGone)
      setImmediate(() => {
        this.end();
      });
    else this.#lost(undefined);
  }

  failed(error: SluiceError): void {
    this.#lost(error);
  }

  #follow(session: ClientHttp2Session): void {
    session.on("error", (error) => {
      const { failures } = this.surroundings;
      this.#lost(this.#goaway > 0 ? failures.streamReset(this.#goaway) : failures.malformed(error.message));
    });
    session.once("remoteSettings", () => {
      const opening = this.#opening;
      this.#opening = undefined;
      this.#deadline.set(Math.max(1, this.surroundings.limits.idleConnection));
      opening?.opened();
    });
    session.on("goaway", (code, lastStream) => {
      this.#goaway = code;
      this.#isClosing = true;
      this.lastProcessed = lastStream;
    });
    session.once("close", () => {
      this.#lost(undefined);
    });
  }

  /** Called before Node's frames are sent. */
  #sent(chunk: Buffer): void {
    const frames = this.#sentFrames;
    if (frames.fatal > 0) return;
    frames.passed(chunk);
    if (frames.fatal === 0) return;
    this.#isClosing = true;
    const detail = `an error of HTTP/2, ${nameOf(frames.fatal)}`;
    // Responses that have come before the error are read first.
    setImmediate(() => this.#lost(this.surroundings.failures.malformed(detail)));
  }

  #coming(frame: Http2Frames): void {
    for (const stream of this.#streams) if (stream.id === frame.stream) stream.coming(frame);
  }

  #expired(): void {
    const { failures } = this.surroundings;
    if (this.#opening !== undefined) this.#lost(failures.late(SETTINGS_MS));
    else if (this.#isSuspect) this.#lost(failures.late(PING_MS));
    else this.close();
  }

  #lost(error: SluiceError | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#isClosing = true;
    this.#deadline.stop();
    const { failures } = this.surroundings;
    const opening = this.#opening;
    this.#opening = undefined;
    const streams = this.#streams.splice(0);
    this.surroundings.gone(this);
    for (const stream of streams) stream.lost(error ?? failures.closedEarly("without a response"));
    this.#session.destroy();
    this.#wire.destroy();
    opening?.failed(error ?? failures.closedEarly("before it spoke HTTP/2"));
  }
}
