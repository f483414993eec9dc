import { SluiceError } from "sluice";
import type { ChosenEndpoint } from "sluice";
import { legStream } from "sluice/flow";
import { EMPTY } from "rxjs";
import { Agent, type AgentOptions, type ClientRequest } from "node:http";
import type { Duplex } from "node:stream";

/** What an agent may keep. */
export interface AgentLimits {
  readonly connections: number;
  readonly idleConnections: number;
  /** Milliseconds. */
  readonly idleConnection: number;
}

/** Who shares a limit with an agent. */
export interface AgentOwner {
  /** Requests of its own wait for a connection. */
  readonly isWaiting: boolean;
  /** The agent is about to open a connection, or to let a request wait for one. */
  makeRoom(): void;
  /** A connection is the agent's no more. */
  left(): void;
}

/** How Node's client comes to an agent, which its types leave out. */
interface Asked {
  addRequest(request: ClientRequest, options: object): void;
}

const AskedAgent = Agent as unknown as new (options: AgentOptions) => Agent & Asked;

/** The connections to one endpoint that carry bodies which come by and by, or become WebSockets. */
export class EndpointAgent extends AskedAgent {
  /** Connections that are open, or are being opened. */
  open = 0;
  /** The newest way to open a connection. */
  #attempt: ChosenEndpoint["attempt"] | undefined;
  /** Connections that were opened this way. */
  #current = new WeakSet<Duplex>();

  constructor(
    private readonly owner: AgentOwner,
    { connections, idleConnections, idleConnection }: AgentLimits,
  ) {
    super({ keepAlive: true, maxSockets: connections, timeout: idleConnection });
    // Its constructor takes 0 for no limit.
    this.maxFreeSockets = idleConnection === 0 ? 0 : idleConnections;
  }

  /** What was opened another way is not kept. */
  use(attempt: ChosenEndpoint["attempt"]): void {
    this.#attempt = attempt;
    this.#current = new WeakSet();
  }

  /** @param most connections from now; requests that wait are given those that may be opened */
  limit(most: number): void {
    this.maxSockets = most;
    // Node itself opens one only when another closes.
    for (let rest = Math.min(this.waiting, most - this.open); rest > 0; rest -= 1) this.#openFor(this.requests[""]?.shift());
  }

  #openFor(request: ClientRequest | undefined): void {
    this.forget();
    if (request !== undefined) super.addRequest(request, {});
  }

  override addRequest(request: ClientRequest, options: object): void {
    if (!this.hasIdle) this.owner.makeRoom();
    super.addRequest(request, options);
  }

  /** A connection is kept that nothing uses. */
  get hasIdle(): boolean {
    return (this.freeSockets[""]?.length ?? 0) > 0;
  }

  /** Requests that wait for a connection. */
  get waiting(): number {
    return this.requests[""]?.length ?? 0;
  }

  /** Takes requests that were given up out of the queue: Node would open connections for them. */
  forget(): void {
    const waiting = this.requests[""];
    if (waiting === undefined) return;
    const wanted = waiting.filter(({ destroyed }) => !destroyed);
    if (wanted.length < waiting.length) waiting.splice(0, waiting.length, ...wanted);
    if (waiting.length === 0) Reflect.deleteProperty(this.requests, "");
  }

  /** All of its connections lead to one place. */
  override getName(): string {
    return "";
  }

  /** Closes what nothing uses. */
  dropIdle(): void {
    for (const stream of this.freeSockets[""] ?? []) stream.destroy();
  }

  /** At once, though it is not open yet: so Node counts it. */
  override createConnection(): Duplex {
    const stream = legStream(this.#attempt ?? EMPTY);
    // A connection of which the upstream has finished its half is of no use to another request.
    stream.allowHalfOpen = false;
    this.#current.add(stream);
    this.open += 1;
    const left = (): void => {
      stream.off("close", left).off("agentRemove", left);
      this.open -= 1;
      this.owner.left();
    };
    // A WebSocket's is removed long before it is closed.
    stream.on("close", left).on("agentRemove", left);
    return stream;
  }

  override keepSocketAlive(stream: Duplex): boolean {
    // What comes unasked would be taken for the answer to the next request.
    if (stream.readableLength > 0 || this.owner.isWaiting || !this.#current.has(stream)) return false;
    stream.on("data", unasked);
    // Node says whether to keep it; its types say nothing.
    return super.keepSocketAlive(stream) !== (false as unknown);
  }

  override reuseSocket(stream: Duplex, request: ClientRequest): void {
    stream.off("data", unasked);
    super.reuseSocket(stream, request);
  }
}

function unasked(this: Duplex): void {
  this.destroy(new SluiceError("SLUICE_UPSTREAM_PROTOCOL", "bytes that nobody asked for came on a kept connection"));
}
