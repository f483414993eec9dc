import type { ChosenEndpoint, Leg, Upstream } from "sluice";
import { defer, finalize, map, mergeMap, of, ReplaySubject, share, switchMap, take, tap, throwError, type Observable } from "rxjs";
import type { ConnectionOwner } from "../connection/requester.ts";
import type { Carrier } from "../connection/carrier.ts";
import { openHttp2, type Http2Connection, type Http2Limits } from "../connection/http2-connection.ts";
import { UpstreamConnection } from "../connection/upstream-connection.ts";
import { UpstreamStream } from "../connection/upstream-stream.ts";

/** The most fields in a response's header, more than in a request's: upstreams are trusted more than clients. */
const RESPONSE_FIELDS = 1000;

export interface CarrierLimits extends Omit<Http2Limits, "fields"> {
  /** Bytes of a response's header. */
  readonly responseHeader: number;
  /** Unused connections that are kept. */
  readonly idleConnections: number;
  /** The leg through which a connection of HTTP/1 uses its own. @default its own */
  readonly legOf?: ((leg: Leg) => Leg) | undefined;
}

type DialledEndpoint = Pick<ChosenEndpoint, "attempt" | "http">;

/** Opens the carriers of requests to one endpoint: connections of HTTP/1, or streams on shared connections of HTTP/2. */
export class Carriers {
  readonly #connections = new Set<Http2Connection>();
  /** The connection that is being opened, for which several requests may wait. */
  #opening: { readonly attempt: DialledEndpoint["attempt"]; readonly opened: Observable<Upstream | Http2Connection> } | undefined;
  /** Whether ALPN chose HTTP/1 for the last connection: then each request opens its own. */
  #isHttp1 = false;
  #isRetired = false;
  /** The current way to open connections. */
  #newest: DialledEndpoint["attempt"] | undefined;
  /** Opened connections that can serve only one request, and have one. */
  readonly #taken = new WeakSet<object>();

  constructor(
    private readonly owner: ConnectionOwner<Carrier>,
    private readonly limits: CarrierLimits,
  ) {}

  /** Emits one carrier per subscription, on a new or an open connection. */
  open(endpoint: DialledEndpoint): Observable<Carrier> {
    const { attempt, http = "1.1" } = endpoint;
    this.#newest = attempt;
    if (http === "1.1")
      return attempt.pipe(
        take(1),
        map((upstream) => this.#http1(upstream, attempt)),
      );
    return defer(() => {
      const open = this.shared(endpoint);
      return open === undefined ? this.#join(endpoint) : of(open);
    });
  }

  /** A stream on an open connection of HTTP/2; undefined when there is none, or no room. */
  shared({ attempt, http = "1.1" }: DialledEndpoint): Carrier | undefined {
    if (http === "1.1") return undefined;
    this.#newest = attempt;
    for (const connection of this.#connections) if (connection.way === attempt && connection.hasRoom) return this.#stream(connection);
    return undefined;
  }

  /** Closes unused connections. */
  dropIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.close();
  }

  /** Closes unused connections now, and all others when they become unused. */
  retire(): void {
    this.#isRetired = true;
    this.dropIdle();
  }

  /** Waits for the connection that is being opened, or opens one. */
  #join(endpoint: DialledEndpoint): Observable<Carrier> {
    const isShared = !this.#isHttp1 && this.#opening?.attempt === endpoint.attempt;
    const opened = isShared && this.#opening !== undefined ? this.#opening.opened : this.#begin(endpoint);
    return opened.pipe(
      mergeMap((result) => {
        if ("leg" in result) return this.#firstOf(result, () => of(this.#http1(result, endpoint.attempt)), endpoint);
        if (result.hasRoom) return of(this.#stream(result));
        return this.#firstOf(result, () => throwError(() => this.owner.failures.unprocessed()), endpoint);
      }),
    );
  }

  /** Gives a connection that can serve only one request to the first that waits; the others open their own. */
  #firstOf(result: object, first: () => Observable<Carrier>, endpoint: DialledEndpoint): Observable<Carrier> {
    if (this.#taken.has(result)) return this.open(endpoint);
    this.#taken.add(result);
    return first();
  }

  #begin(endpoint: DialledEndpoint): Observable<Upstream | Http2Connection> {
    const { attempt } = endpoint;
    const over = (): void => {
      if (this.#opening?.opened === opened) this.#opening = undefined;
    };
    const opened: Observable<Upstream | Http2Connection> = attempt.pipe(
      take(1),
      switchMap((upstream) => this.#agreed(upstream, endpoint)),
      tap(over),
      finalize(over),
      // All waiting requests share the attempt: it is cancelled when none of them is left.
      share({ connector: () => new ReplaySubject(1), resetOnComplete: false }),
    );
    this.#opening = { attempt, opened };
    return opened;
  }

  #agreed(upstream: Upstream, { attempt, http }: DialledEndpoint): Observable<Upstream | Http2Connection> {
    const { protocol } = upstream;
    this.#isHttp1 = http === "auto" && protocol !== "h2";
    if (this.#isHttp1) return of(upstream);
    if (protocol !== undefined && protocol !== "h2") {
      upstream.leg.destroy();
      return throwError(() => this.owner.failures.malformed("ALPN did not agree on h2"));
    }
    const { limits, owner } = this;
    return openHttp2(upstream, {
      way: attempt,
      failures: owner.failures,
      limits: { ...limits, fields: RESPONSE_FIELDS },
      mayKeep: () => this.#mayKeep(attempt),
      gone: (connection) => this.#connections.delete(connection),
    }).pipe(tap((connection) => this.#connections.add(connection)));
  }

  /** Whether an unused connection is kept. */
  #mayKeep(way: unknown): boolean {
    const idle = [...this.#connections].filter((connection) => connection.isIdle).length;
    return !this.#isRetired && this.#newest === way && idle <= this.limits.idleConnections;
  }

  #stream(connection: Http2Connection): UpstreamStream {
    return new UpstreamStream(connection, this.owner);
  }

  #http1({ leg }: { readonly leg: Leg }, way: unknown): UpstreamConnection {
    const { responseHeader, legOf } = this.limits;
    return new UpstreamConnection(legOf?.(leg) ?? leg, this.owner, { header: responseHeader, fields: RESPONSE_FIELDS }, way);
  }
}
