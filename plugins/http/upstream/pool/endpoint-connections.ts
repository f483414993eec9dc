import { SluiceError } from "sluice";
import type { ChosenEndpoint, HttpHeaders, Leg } from "sluice";
import { EMPTY, type Subscription } from "rxjs";
import type { Carrier } from "../connection/carrier.ts";
import { Carriers } from "./carriers.ts";
import { ClientShares } from "./client-shares.ts";
import { KeptConnections, type KeptLimits } from "./kept-connections.ts";
import { LastingResponses } from "./lasting-responses.ts";
import type { UpstreamConnection } from "../connection/upstream-connection.ts";
import type { ConnectionOwner } from "../connection/requester.ts";
import { UpstreamFailures } from "../connection/upstream-failure.ts";
import { RequestQueue, type WaitingRequest } from "./request-queue.ts";

/** The limits for one endpoint. */
export interface PoolLimits extends KeptLimits {
  /** Connections, without those that carry a lasting response. */
  readonly connections: number;
  /** How many of these the requests of one client may use. */
  readonly connectionsPerClient: number;
  /** Connections that carry a lasting response. */
  readonly lasting: number;
  /** Requests that may wait for a connection. */
  readonly waiting: number;
  /** Bytes of a response's header. */
  readonly responseHeader: number;
  /** Simultaneous requests on a connection of HTTP/2. Each counts as a connection. */
  readonly streams: number;
  /** The leg through which a connection of HTTP/1 uses its own. @default its own */
  readonly legOf?: ((leg: Leg) => Leg) | undefined;
}

/**
 * The connections to one endpoint, for requests of every kind. The core opens them, with its names, TLS, timeouts and refusal of loops.
 *
 * A connection with a lasting response (events, a long download) is counted separately after a while, so that it does not take the place of short
 * requests.
 */
export class EndpointConnections implements ConnectionOwner<Carrier> {
  readonly #kept: KeptConnections;
  readonly #queue = new RequestQueue();
  readonly #dialing = new Map<WaitingRequest, Subscription>();
  /** How many of the counted connections each client uses. */
  readonly #shares: ClientShares;
  readonly #lasting: LastingResponses;
  readonly #carriers: Carriers;
  readonly failures: UpstreamFailures;
  /** The number of counted connections: all except those with a lasting response. */
  #open = 0;
  /** Whether `#more` is running. */
  #isDialing = false;
  /** The newest way to open a connection. */
  #way: Pick<ChosenEndpoint, "attempt" | "http"> | undefined;

  constructor(
    readonly name: string,
    private readonly limits: PoolLimits,
  ) {
    this.#kept = new KeptConnections(limits);
    this.#shares = new ClientShares(limits.connectionsPerClient);
    this.failures = new UpstreamFailures(name);
    this.#carriers = new Carriers(this, limits);
    const lasts = (client: string): void => {
      this.#open -= 1;
      this.#shares.giveBack(client);
    };
    this.#lasting = new LastingResponses(limits.lasting, lasts, () => {
      this.#more();
    });
  }

  /** Whether all connections speak HTTP/2. */
  get isHttp2(): boolean {
    return this.#way?.http === "2";
  }

  /** Number of requests that wait for a connection. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Whether no connection is open and no request waits. */
  get isUnused(): boolean {
    return this.#open === 0 && this.#lasting.size === 0 && this.waiting === 0;
  }

  /** Whether a client's request is accepted: it need not wait, may wait, or replaces a waiting request of a client that has more of them. */
  admits(client: string): boolean {
    if (this.waiting < this.limits.waiting) return true;
    if (this.#mayTake(client) && (!this.#kept.isEmpty || this.#mayOpen())) return true;
    const instead = this.#queue.giveWay(client);
    instead?.failed(this.failures.busy(this.waiting));
    return instead !== undefined;
  }

  /** Sets the way to open connections. Connections that were opened in another way get no further requests. */
  use(way: ChosenEndpoint): this {
    if (way.attempt === this.#way?.attempt) return this;
    this.#way = way;
    this.dropIdle();
    return this;
  }

  /** Sends a request as soon as there is a connection. */
  ask(request: WaitingRequest): void {
    const connection = this.#mayTake(request.client) ? this.#kept.take(this.#way?.attempt) : undefined;
    if (connection !== undefined) this.#use(connection, request);
    else if (this.#mayTake(request.client) && this.#mayOpen()) this.#dial(request);
    else this.#queue.push(request);
  }

  /** Removes a request that does not wait any more. */
  forget(request: WaitingRequest): void {
    const dialing = this.#dialing.get(request);
    if (dialing !== undefined) {
      dialing.unsubscribe();
      this.#dialed(request);
      this.#closed(request.client);
      return;
    }
    this.#queue.remove(request);
  }

  free(connection: UpstreamConnection, keptFor: number): void {
    if (!this.#kept.isUsable(connection, this.#way?.attempt) || (this.#lasting.has(connection) && this.#isFull)) {
      connection.close();
      return;
    }
    this.#leave(connection);
    const next = this.#next();
    if (next === undefined) this.#kept.keep(connection, keptFor);
    else this.#use(connection, next);
  }

  streams(connection: Carrier, headers: HttpHeaders): void {
    if (this.#lasting.begin(connection, headers)) this.#more();
    else if (this.waiting > 0) this.#lasting.sort();
  }

  gone(connection: Carrier): void {
    this.#kept.remove(connection);
    this.#leave(connection);
    this.#closed(undefined);
  }

  /** Closes unused connections. */
  dropIdle(): void {
    this.#kept.closeAll();
    this.#carriers.dropIdle();
  }

  /** Closes unused connections now, and all others when they become unused. */
  retire(): void {
    this.#kept.retire();
    this.#carriers.retire();
  }

  get #isFull(): boolean {
    return this.#open >= this.limits.connections;
  }

  #use(connection: UpstreamConnection, request: WaitingRequest): void {
    this.#shares.take(request.client);
    this.#begin(connection, request);
  }

  #begin(connection: Carrier, request: WaitingRequest): void {
    connection.client = request.client;
    request.begun(connection);
  }

  /** Notes that a connection carries no request any more. One with a lasting response is counted again. */
  #leave(connection: Carrier): void {
    const { client } = connection;
    const isLasting = this.#lasting.end(connection, client);
    if (isLasting) this.#open += 1;
    else if (client !== undefined) this.#shares.giveBack(client);
    connection.client = undefined;
  }

  #mayTake(client: string): boolean {
    if (this.#shares.isOpenTo(client)) return true;
    this.#lasting.sort();
    return this.#shares.isOpenTo(client);
  }

  #mayOpen(): boolean {
    if (this.#isFull) this.#lasting.sort();
    return !this.#isFull;
  }

  #closed(client: string | undefined): void {
    this.#open -= 1;
    if (client !== undefined) this.#shares.giveBack(client);
    this.#more();
  }

  /** Dials for waiting requests while there is room. A connection that fails at once calls this again, hence the flag. */
  #more(): void {
    if (this.#isDialing) return;
    this.#isDialing = true;
    while (this.waiting > 0 && this.#mayOpen()) {
      const next = this.#next();
      if (next === undefined) break;
      this.#dial(next);
    }
    this.#isDialing = false;
  }

  /** The request that has waited longest, of the clients whose share is not used up. */
  #next(): WaitingRequest | undefined {
    return this.waiting === 0 ? undefined : this.#queue.next((client) => this.#mayTake(client));
  }

  #dial(request: WaitingRequest): void {
    this.#open += 1;
    this.#shares.take(request.client);
    const shared = this.#way === undefined ? undefined : this.#carriers.shared(this.#way);
    if (shared === undefined) this.#connect(request);
    else this.#begin(shared, request);
  }

  #connect(request: WaitingRequest): void {
    let isSettled = false;
    const failed = (error: SluiceError): void => {
      isSettled = true;
      this.#dialed(request);
      this.#closed(request.client);
      request.failed(error);
    };
    const opened = this.#way === undefined ? EMPTY : this.#carriers.open(this.#way);
    const dialing = opened.subscribe({
      next: (connection: Carrier) => {
        isSettled = true;
        this.#dialed(request);
        this.#begin(connection, request);
        connection.read();
      },
      error: failed,
      complete: () => {
        if (!isSettled) failed(new SluiceError("SLUICE_UPSTREAM_MISSING", `upstream ${this.name}: an attempt completed without a leg`));
      },
    });
    if (!isSettled) this.#dialing.set(request, dialing);
  }

  #dialed(request: WaitingRequest): void {
    this.#dialing.delete(request);
  }
}
