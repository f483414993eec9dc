import { SluiceError } from "sluice";
import type { ChosenEndpoint, Upstream } from "sluice";
import { EMPTY, take, type Subscription } from "rxjs";
import { EndpointAgent, type AgentLimits, type AgentOwner } from "./endpoint-agent.ts";
import { UpstreamConnection, type Asker, type ConnectionOwner } from "./upstream-connection.ts";

/** Of a response's header. An upstream is trusted with more than a client. */
const RESPONSE_LIMITS = { header: 64 * 1024, fields: 1000 };

/** A request that waits for a connection, or for its response. */
export interface Waiting extends Asker {
  /** It has a connection, and is sent. */
  begun(connection: UpstreamConnection): void;
}

/**
 * The connections to one endpoint. They are opened by the core, so that names, TLS, time-outs and the refusal of loops hold. Those that
 * carry a body that comes by and by belong to an agent of Node's, as the package `http-proxy` wants it; both kinds together keep the limit.
 */
export class EndpointConnections implements ConnectionOwner, AgentOwner {
  readonly agent: EndpointAgent;
  readonly #idle: UpstreamConnection[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #dialing = new Map<Waiting, Subscription>();
  #open = 0;
  /** What waits is being dialled for. */
  #isDialing = false;
  #isRetired = false;
  /** The newest way to open a connection. */
  #attempt: ChosenEndpoint["attempt"] | undefined;

  constructor(
    readonly name: string,
    private readonly limits: AgentLimits,
  ) {
    this.agent = new EndpointAgent(this, limits);
  }

  /** Requests that wait for a connection. */
  get waiting(): number {
    return this.#waiting.length + this.agent.waiting;
  }

  /** Of those without a body. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** A request need not wait. */
  get hasRoom(): boolean {
    return this.#idle.length > 0 || this.agent.hasIdle || !this.#isFull;
  }

  /** Nothing is open, and nothing waits. */
  get isUnused(): boolean {
    return this.#open === 0 && this.agent.open === 0 && this.waiting === 0;
  }

  /** From now on, connections are opened this way; those that were opened another way are used for nothing else. */
  use({ attempt }: ChosenEndpoint): this {
    if (attempt === this.#attempt) return this;
    this.#attempt = attempt;
    this.agent.use(attempt);
    this.dropIdle();
    return this;
  }

  /** Asks on a connection as soon as there is one. */
  ask(request: Waiting): void {
    const connection = this.#idle.pop();
    if (connection !== undefined) request.begun(connection);
    else if (this.#mayOpen()) this.#dial(request);
    else this.#waiting.push(request);
  }

  /** It waits no more. */
  forget(request: Waiting): void {
    const dialing = this.#dialing.get(request);
    if (dialing !== undefined) {
      dialing.unsubscribe();
      this.#dialed(request);
      this.#closed();
      return;
    }
    const at = this.#waiting.indexOf(request);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  free(connection: UpstreamConnection, keptFor: number): void {
    if (connection.way !== this.#attempt) {
      connection.close();
      return;
    }
    const next = this.#waiting.shift();
    if (next !== undefined) next.begun(connection);
    else if (this.#mayKeep()) {
      this.#idle.push(connection);
      connection.idle(Math.min(keptFor, this.limits.idleConnection));
    } else connection.close();
  }

  #mayKeep(): boolean {
    const { idleConnections, idleConnection } = this.limits;
    return !this.#isRetired && this.agent.waiting === 0 && idleConnection > 0 && this.#idle.length < idleConnections;
  }

  gone(connection: UpstreamConnection): void {
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#closed();
  }

  makeRoom(): void {
    if (this.#isFull) this.#idle[0]?.close();
  }

  left(): void {
    // Node replaces it where one of the agent's own waits.
    if (this.agent.waiting === 0) this.#more();
  }

  /** Closes what nothing uses. */
  dropIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.close();
    this.agent.dropIdle();
  }

  /** Closes what nothing uses; what is used is closed when it is not any more. */
  retire(): void {
    this.#isRetired = true;
    this.agent.maxFreeSockets = 0;
    this.dropIdle();
  }

  get #isFull(): boolean {
    return this.#open + this.agent.open >= this.limits.connections;
  }

  #mayOpen(): boolean {
    if (!this.#isFull) return true;
    this.agent.dropIdle();
    // Each kind may have one, else one could keep the other waiting for ever.
    return this.#open === 0;
  }

  #closed(): void {
    this.#open -= 1;
    this.#more();
    this.#share();
  }

  /** What is left of the limit is the agent's. */
  #share(): void {
    this.agent.limit(Math.max(1, this.limits.connections - this.#open));
  }

  /** There may be room for another connection. One that fails at once comes back here, and makes room for the next in turn. */
  #more(): void {
    if (this.#isDialing) return;
    this.#isDialing = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#dial(next);
    this.#isDialing = false;
  }

  #next(): Waiting | undefined {
    return this.isWaiting && this.#mayOpen() ? this.#waiting.shift() : undefined;
  }

  #dial(request: Waiting): void {
    this.#open += 1;
    this.#share();
    let isSettled = false;
    const failed = (error: SluiceError): void => {
      isSettled = true;
      this.#dialed(request);
      this.#closed();
      request.failed(error);
    };
    const missing = new SluiceError("SLUICE_UPSTREAM_MISSING", `upstream ${this.name}: an attempt completed without a leg`);
    const way = this.#attempt;
    const dialing = (way ?? EMPTY).pipe(take(1)).subscribe({
      next: ({ leg }: Upstream) => {
        isSettled = true;
        this.#dialed(request);
        const connection = new UpstreamConnection(leg, this, RESPONSE_LIMITS, way);
        request.begun(connection);
        connection.read();
      },
      error: failed,
      complete: () => {
        if (!isSettled) failed(missing);
      },
    });
    if (!isSettled) this.#dialing.set(request, dialing);
  }

  #dialed(request: Waiting): void {
    this.#dialing.delete(request);
  }
}
