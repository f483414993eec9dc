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

/** The connections to one endpoint that carry bodies which come by and by, or become WebSockets. */
export class EndpointAgent extends Agent {
  /** The newest way to open a connection. */
  #attempt: ChosenEndpoint["attempt"] | undefined;

  constructor({ connections, idleConnections, idleConnection }: AgentLimits) {
    const options: AgentOptions = { keepAlive: true, maxSockets: connections, maxFreeSockets: idleConnections, timeout: idleConnection };
    super(options);
  }

  /** @param most connections from now */
  use(attempt: ChosenEndpoint["attempt"], most: number): void {
    this.#attempt = attempt;
    this.maxSockets = most;
  }

  /** Connections that are open, or are being opened. */
  get open(): number {
    return (this.sockets[""]?.length ?? 0) + (this.freeSockets[""]?.length ?? 0);
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
    return stream;
  }

  override keepSocketAlive(stream: Duplex): boolean {
    // What comes unasked would be taken for the answer to the next request.
    if (stream.readableLength > 0) return false;
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
