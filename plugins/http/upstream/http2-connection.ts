import type { Leg, LegReader, SluiceError, Upstream } from "sluice";
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import { Observable } from "rxjs";
import { Deadline } from "../message/deadline.ts";
import { Http2Frames } from "../message/http2-frames.ts";
import { UpgradedStream } from "./upgraded-stream.ts";
import type { UpstreamFailures } from "./upstream-failure.ts";

/** For an upstream's first words (RFC 9113 section 3.4), in milliseconds. */
const SETTINGS_MS = 5_000;
/** For the answer to a PING, where a response was late. */
const PING_MS = 2_000;
/** MiB that Node may hold of one connection. */
const MEMORY = 64;

export interface Http2Limits {
  /** Bytes of a response's header. */
  readonly responseHeader: number;
  /** Fields of it. */
  readonly fields: number;
  /** Requests at once on a connection; the upstream may allow fewer. */
  readonly streams: number;
  /** Milliseconds for which a connection is kept while nothing uses it; 0: none is. */
  readonly idleConnection: number;
  /** Milliseconds after which a connection takes no other request; 0: it always does. */
  readonly connectionAge: number;
}

export interface Http2Surroundings {
  /** By which it was opened. */
  readonly way: unknown;
  readonly failures: UpstreamFailures;
  readonly limits: Http2Limits;
  /** Whether it is kept, now that nothing uses it. */
  mayKeep(): boolean;
  gone(connection: Http2Connection): void;
}

/** A request on a connection. */
export interface ConnectionStream {
  /** Undefined until it is sent. */
  readonly id: number | undefined;
  /** Its end is about to come. @param isBare it brings nothing */
  ending(isBare: boolean): void;
  /** Its response is complete, but not all of it was read. */
  readonly isEnding: boolean;
  /** The connection is no more. */
  lost(error: SluiceError): void;
}

/** Emits a connection once the upstream has introduced itself: before that it may speak anything, and nothing is asked. */
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

/** A connection of HTTP/2 to an upstream: Node's client speaks over the leg, and requests are asked side by side. */
export class Http2Connection implements LegReader {
  /** Nothing is lent. */
  readonly done = true;
  readonly scheme: "http" | "https";
  /** A response has ended on it. */
  isUsed = false;
  /** The highest stream that the upstream may have processed, once it has said so (GOAWAY). */
  lastProcessed = Infinity;
  readonly #leg: Leg;
  readonly #wire: UpgradedStream;
  readonly #session: ClientHttp2Session;
  readonly #streams = new Set<ConnectionStream>();
  readonly #openedAt = performance.now();
  readonly #deadline = new Deadline({ expired: () => this.#expired() });
  readonly #frames = new Http2Frames({
    begun: ({ endsStream, isBareEnd, stream }) => {
      if (endsStream) this.#ending(stream, isBareEnd);
    },
  });
  #opening: Opening | undefined;
  /** The code of the upstream's GOAWAY. */
  #goaway = 0;
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
    this.#wire = new UpgradedStream(leg);
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
    return this.#streams.size === 0;
  }

  /** Whether it takes another request. */
  get hasRoom(): boolean {
    const { closed, destroyed, remoteSettings } = this.#session;
    if (this.#isClosing || this.#isSuspect || closed || destroyed || this.#ageLeft <= 0) return false;
    // One that allows none may still allow some later: the first waits for that.
    const most = Math.min(this.surroundings.limits.streams, Math.max(1, remoteSettings.maxConcurrentStreams ?? Infinity));
    return this.#streams.size < most;
  }

  get #ageLeft(): number {
    const { connectionAge } = this.surroundings.limits;
    return connectionAge === 0 ? Infinity : this.#openedAt + connectionAge - performance.now();
  }

  read(): void {
    this.#leg.read(this);
  }

  /** Has a place for a request, until `leave`. */
  enter(stream: ConnectionStream): void {
    this.#streams.add(stream);
    this.#deadline.set(0);
  }

  /** Whether a stream may carry another protocol (RFC 8441 section 3). */
  get takesConnect(): boolean {
    return this.#session.remoteSettings.enableConnectProtocol === true;
  }

  /** @throws where Node does not send a field */
  request(headers: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream {
    // An end that waits for trailers is not sent where a stream is closed before: its request broke off.
    return this.#session.request(headers, { endStream, waitForTrailers: !endStream });
  }

  leave(stream: ConnectionStream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0 || this.#isGone) return;
    const { idleConnection } = this.surroundings.limits;
    const left = Math.min(idleConnection, this.#ageLeft);
    if (this.#isClosing || left <= 0 || !this.surroundings.mayKeep()) this.close();
    else this.#deadline.set(left);
  }

  /** A response is late. Where the connection itself is dead, no other request is to wait for that. */
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

  /** Says so (GOAWAY), and closes. */
  close(): void {
    this.#lost(this.surroundings.failures.closedEarly("without a response"));
  }

  // What the upstream sends.
  data(chunk: Buffer): boolean {
    this.#frames.passed(chunk);
    return this.#wire.received(chunk);
  }

  /**
   * Node is not told: its session would go on writing to a stream that it has begun to shut down, which ends the process by an assertion (ADR 0008).
   * What has come is read before.
   */
  end(): void {
    this.#isClosing = true;
    const isUnread = this.#wire.readableLength > 0 || [...this.#streams].some(({ isEnding }) => isEnding);
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

  #ending(id: number, isBare: boolean): void {
    for (const stream of this.#streams) if (stream.id === id) stream.ending(isBare);
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
    const streams = [...this.#streams];
    this.#streams.clear();
    this.surroundings.gone(this);
    for (const stream of streams) stream.lost(error ?? failures.closedEarly("without a response"));
    this.#session.destroy();
    this.#wire.destroy();
    opening?.failed(error ?? failures.closedEarly("before it spoke HTTP/2"));
  }
}
