import {
  SluiceError,
  type ByteHookName,
  type Limits,
  type BoundListener,
  type SocketAddress,
  type Transport,
} from "../../contract/index.ts";
import type { AcceptedClient } from "../../net/accept/accepted-client.ts";
import type { BoundSocket, ClientHost } from "../../net/accept/bound-socket.ts";
import { transportOf } from "../../net/transports/table.ts";
import { ClientQueue, noRoomIn } from "./client-queue.ts";
import { listenOptions } from "./listen-options.ts";
import { ClientCount, tooMany } from "../session/client-count.ts";
import { ListenerReports, type Dropped } from "./listener-reports.ts";
import type { ListenerCounts } from "./listener-counts.ts";
import { locateFault } from "../log/author-place.ts";
import { LiveSession } from "../session/live-session.ts";
import type { ProxyState } from "../state/proxy-state.ts";
import type { SessionHost } from "../session/session-host.ts";
import type { SwapFault } from "../session/session-flows.ts";
import type { ListenerTrial } from "../trial/listener-trial.ts";
import type { ListenerVersion } from "../version/listener-version.ts";

/** The work of a commit on one open session. */
export type SessionWork = (session: LiveSession) => void;

/** A bound listener and its sessions. It is identified by its name; its version, which new sessions get, changes with each generation. */
export class Listener implements BoundListener, ClientHost, SessionHost<LiveSession> {
  /** Undefined without a limit per client: then the client's address is not read, which saves a system call. */
  #clients: ClientCount | undefined;
  /** The trial of a save that some of its sessions try. */
  trial: ListenerTrial | undefined;
  #retired = false;
  readonly #waiting = new ClientQueue(this);
  #open = 0;
  #behind = 0;
  readonly #reports: ListenerReports;

  constructor(
    readonly name: string,
    public bound: BoundSocket,
    /** The version that new sessions get. A commit replaces it. */
    public version: ListenerVersion,
    private readonly state: ProxyState,
  ) {
    this.#reports = new ListenerReports(name, state);
  }

  /** Counts of what has happened on this listener. */
  get counts(): ListenerCounts {
    return this.#reports.counts;
  }

  get transport(): Transport {
    return this.version.config.address.transport;
  }

  /** Whether its sessions share its socket (UDP). */
  get datagrams(): boolean {
    return transportOf(this.version.config.address).datagrams;
  }

  get address(): SocketAddress {
    return this.bound.local;
  }

  get local(): SocketAddress {
    return this.bound.local;
  }

  get url(): string {
    return `${this.transport}://${String(this.local)}`;
  }

  /** The number of open sessions. */
  get sessions(): number {
    return this.#open;
  }

  /** The number of open sessions that could not follow a reload, because a byte hook threw when it was called. */
  get behind(): number {
    return this.#behind;
  }

  get limits(): Limits {
    return this.state.limits;
  }

  get handshakes(): { ok: number; failed: number } {
    return this.counts.handshakes;
  }

  get attached(): SessionHost["attached"] {
    return this.state.attached.watchersOf(this.name);
  }

  get handshakeTimeout(): number {
    return this.version.config.timeouts?.handshake ?? this.state.timeouts.handshake;
  }

  get idleTimeout(): number {
    return this.version.config.timeouts?.idle ?? this.state.timeouts.idle;
  }

  get halfClosedTimeout(): number | undefined {
    return this.version.config.timeouts?.halfClosed ?? this.state.timeouts.halfClosed;
  }

  /** Begins to accept. */
  start(): void {
    this.configure();
    this.bound.accept(this, transportOf(this.version.config.address).helloFirst);
  }

  /** Takes the limits of a new generation. @returns work to do with each open session, if there is any */
  configure(): SessionWork | undefined {
    const { config, pipeline } = this.version;
    const { flowOf } = pipeline.pipeline;
    this.bound.configure({ ...listenOptions(config, this.state), ...(flowOf === undefined ? {} : { flowOf }) });
    this.#letIn();
    const counts = !transportOf(config.address).anonymous && this.limits.sessionsPerClient < this.limits.sessions;
    if (!counts) this.#forgetClients();
    if (!counts || this.#clients !== undefined) return undefined;
    const clients = new ClientCount(this.state.clientsElsewhere(this.name));
    this.#clients = clients;
    return (session) => {
      clients.enter(session);
    };
  }

  /** Stops accepting at once. Stream sessions go on; datagram flows lose their socket, which is the listener's. */
  close(): void {
    this.#retired = true;
    this.#waiting.close();
    this.bound.close();
  }

  /** Stops accepting at the end of the proxy. */
  leave(): void {
    this.handOver();
    if (this.bound.leave === undefined) this.bound.close();
    else this.bound.leave();
  }

  /** Leaves the bound socket to another listener. Sessions go on. */
  handOver(): void {
    this.#retired = true;
    this.#waiting.close();
  }

  /** Continues on a socket that was bound to replace its own, which is already closed. Sessions go on. */
  moveTo(bound: BoundSocket): void {
    bound.adopt(this.bound);
    this.bound = bound;
    this.start();
  }

  accepted(client: AcceptedClient): void {
    if (client.leg.datagrams) this.#begin(client);
    else if (this.#retired || this.state.isFull) this.turnAway(client, this.#full(this.state.limits.sessions));
    else this.#enter(client);
  }

  /** A client for whom the proxy has room. */
  #enter(client: AcceptedClient): void {
    const { sessions: own = Infinity, queue } = this.version.config.limits ?? {};
    const { ofListener, waited } = this.state.elsewhere;
    if (waited !== undefined) this.turnAway(client, noRoomIn(this, waited, own));
    else if (this.#open + ofListener < own && this.#waiting.size === 0) this.#begin(client);
    else if (queue !== undefined && this.#waiting.size < queue.max) this.#waiting.wait(client, queue.timeout);
    else this.turnAway(client, this.#full(own));
  }

  /** Closes a client for which there is no room. */
  turnAway(client: AcceptedClient, error: SluiceError): void {
    this.#reports.refused(client, error, this.version.pipeline);
    client.leg.destroy();
  }

  #full(sessions: number): SluiceError {
    return noRoomIn(this, 0, sessions);
  }

  #forgetClients(): void {
    this.#clients?.close();
    this.#clients = undefined;
  }

  /** Admits waiting clients as long as there is room. */
  #letIn(): void {
    const { sessions = Infinity } = this.version.config.limits ?? {};
    while (this.#waiting.size > 0 && this.#open < sessions && !this.state.isFull) {
      const client = this.#waiting.next();
      if (client !== undefined) this.#begin(client);
    }
  }

  outOfFiles(): void {
    const error = new SluiceError("SLUICE_LIMIT_SESSIONS", `listener "${this.name}": out of file descriptors`);
    this.#reports.refused(undefined, error, this.version.pipeline);
  }

  ended(session: LiveSession, error: SluiceError | undefined): void {
    this.#open -= 1;
    this.#setBehind(session, false);
    this.state.of(session).delete(session);
    session.countedBy?.leave(session);
    if (this.#waiting.size > 0) queueMicrotask(() => this.#letIn());
    this.#reports.ended(session, error);
  }

  /** An error that was made where one of its plugins was defined, for its stack. */
  definedAt(plugin: string, { pipeline } = this.version): Error | undefined {
    return pipeline.pipeline.plugins.find(({ use }) => use.name === plugin)?.use.use.definition.definedAt;
  }

  fault(plugin: string, error: SluiceError, session: LiveSession | undefined, direction?: ByteHookName): void {
    const trial = session !== undefined && this.trial?.tries(session) === true ? this.trial : undefined;
    locateFault(error, this.definedAt(plugin, trial?.version));
    this.counts.faults.add(plugin, direction);
    session?.timeline?.mark("fault", { plugin, code: error.code, message: error.detail });
    this.state.fault(this.name, plugin, error, session);
    if (session?.isSwapping !== true) trial?.failed(plugin, error);
  }

  requested(method: string, status: number, durationMs: number): void {
    this.counts.requests.ended(method, status, durationMs);
  }

  warning(message: string): void {
    this.state.warn(this.name, message);
  }

  dropped(chunks: number, what: Dropped = "buffer"): void {
    this.#reports.dropped(chunks, what);
  }

  swapped(session: LiveSession, fault: SwapFault | undefined): void {
    this.#setBehind(session, fault !== undefined);
    if (fault === undefined) this.#reports.swapped(session);
    else {
      this.#reports.swapFailed();
      this.fault(fault.plugin, fault.error, session);
    }
  }

  #setBehind(session: LiveSession, behind: boolean): void {
    this.#behind += Number(behind) - Number(session.behind);
    session.behind = behind;
  }

  #begin(client: AcceptedClient): void {
    const { limits, elsewhere } = this.state;
    if (this.#clients !== undefined && this.#clients.of(client.address()) + elsewhere.ofClient >= limits.sessionsPerClient) {
      this.turnAway(client, tooMany(client.address(), limits.sessionsPerClient));
      return;
    }
    const session = new LiveSession(client, this.trial?.next() ?? this.version, this);
    this.state.of(session).add(session);
    this.#clients?.enter(session);
    this.#open += 1;
    this.#reports.started(session);
    session.followTimeline();
    session.timeline?.mark("accepted");
    session.open();
  }
}
