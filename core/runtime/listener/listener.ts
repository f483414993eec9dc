import type { Socket } from "node:net";
import {
  addressText,
  SluiceError,
  type Limits,
  type ListenerView,
  type ResolvedListener,
  type SocketAddress,
  type Timeouts,
  type Transport,
} from "../../contract/index.ts";
import type { ReadBuffer } from "../../net/node/read-buffer.ts";
import { StreamListener } from "../../net/accept/stream-listener.ts";
import type { UdpClientLeg } from "../../net/accept/udp-client-leg.ts";
import { UdpListener, type UdpTableOptions } from "../../net/accept/udp-listener.ts";
import { buffersOf } from "../../net/node/udp-socket.ts";
import { ClientCount } from "../session/client-count.ts";
import { locateFault } from "../log/author-place.ts";
import { DatagramEnd, StreamEnd, type ClientEnd } from "../session/client-end.ts";
import { LiveSession } from "../session/live-session.ts";
import type { ProxyState } from "../state/proxy-state.ts";
import type { SessionHost } from "../session/session-host.ts";
import type { SwapFault } from "../session/swap-flows.ts";
import type { ListenerVersion } from "../version/listener-version.ts";

export type Bound = StreamListener | UdpListener;

/** What a commit does with one open session. */
export type SessionWork = (session: LiveSession) => void;

/** A bound listener and its sessions. Its identity is its name; what it gives new sessions changes with the generations. */
export class Listener implements ListenerView, SessionHost<LiveSession> {
  /** Undefined without a limit of its own: a client's address is not asked for then, which costs a system call. */
  #clients: ClientCount | undefined;
  #retired = false;
  #open = 0;
  #behind = 0;

  constructor(
    readonly name: string,
    public bound: Bound,
    /** What new sessions get. A commit replaces it. */
    public version: ListenerVersion,
    private readonly state: ProxyState,
  ) {}

  get transport(): Transport {
    return this.version.config.address.transport;
  }

  get address(): SocketAddress {
    return this.bound.local;
  }

  get local(): SocketAddress {
    return this.bound.local;
  }

  get url(): string {
    const { transport, path } = this.version.config.address;
    return addressText({ transport, host: this.local.address, port: this.local.port, path });
  }

  /** How many sessions are open. */
  get sessions(): number {
    return this.#open;
  }

  /** How many of them could not follow a reload, because a byte hook threw when it was called. */
  get behind(): number {
    return this.#behind;
  }

  get limits(): Limits {
    return this.state.limits;
  }

  get timeouts(): Timeouts {
    return this.state.timeouts;
  }

  get handshakeTimeout(): number {
    return this.state.timeouts.handshake;
  }

  /** Begins to accept. */
  start(): void {
    this.configure();
    if (this.bound instanceof UdpListener) {
      this.bound.onFlow = (leg) => {
        this.#acceptFlow(leg);
      };
    } else {
      this.bound.useFast(this.transport !== "tls");
      this.bound.onAccept = (socket, buffer) => {
        this.#acceptSocket(socket, buffer);
      };
      this.bound.onDrop = () => {
        this.#refused(undefined, new SluiceError("SLUICE_LIMIT_SESSIONS", `listener "${this.name}": out of file descriptors`));
      };
    }
  }

  /** Takes the limits of a new generation. @returns what is to be done for it with each session that is open already, if anything */
  configure(): SessionWork | undefined {
    if (this.bound instanceof UdpListener) this.bound.configure(tableOptions(this.version.config, this.state));
    const counts = this.transport !== "unix" && this.limits.sessionsPerClient < this.limits.sessions;
    if (!counts) this.#clients = undefined;
    if (!counts || this.#clients !== undefined) return undefined;
    const clients = new ClientCount();
    this.#clients = clients;
    return (session) => {
      clients.enter(session);
    };
  }

  /** Stops accepting at once. Stream sessions live on; datagram flows have only the listener's socket. */
  close(): void {
    this.#retired = true;
    this.bound.close();
  }

  /** Leaves the bound socket to another listener; sessions live on. */
  handOver(): void {
    this.#retired = true;
  }

  /** Goes on on a socket that was bound in place of its own, which is closed by then; sessions live on. */
  moveTo(bound: Bound): void {
    if (bound instanceof UdpListener && this.bound instanceof UdpListener) bound.adopt(this.bound);
    this.bound = bound;
    this.start();
  }

  ended(session: LiveSession, error: SluiceError | undefined): void {
    this.#open -= 1;
    this.#setBehind(session, false);
    this.state.of(session.transport).delete(session);
    session.countedBy?.leave(session);
    this.state.closed.inc();
    const { events } = session.pipeline;
    if (!events.observed && !this.state.hub.sessions.observed) return;
    const event = { type: "session-ended", listener: this.name, record: session.record(), error } as const;
    events.next(event);
    this.state.hub.sessions.next(event);
  }

  /** Made where one of its plugins was defined. */
  definedAt(plugin: string): Error | undefined {
    return this.version.pipeline.pipeline.plugins.find(({ use }) => use.name === plugin)?.use.use.definition.definedAt;
  }

  fault(plugin: string, error: SluiceError, session: LiveSession | undefined): void {
    locateFault(error, this.definedAt(plugin));
    this.state.fault(this.name, plugin, error, session);
  }

  warning(message: string): void {
    this.state.warn(this.name, message);
  }

  dropped(chunks: number, what?: "inject"): void {
    (what === undefined ? this.state.dropped : this.state.injectedDropped).inc(chunks);
    const why =
      what === undefined ? "operators hold limits.bufferPerFlow, or the upstream is not open yet" : "inject() met limits.bufferPerFlow";
    this.state.hub.sessions.next({ type: "dropped", listener: this.name, datagrams: chunks, why });
  }

  swapped(session: LiveSession, fault: SwapFault | undefined): void {
    this.#setBehind(session, fault !== undefined);
    if (fault === undefined) {
      this.state.hub.sessions.next({ type: "swapped", listener: this.name, session, generation: session.generation });
      return;
    }
    this.state.swapsFailed.inc();
    this.fault(fault.plugin, fault.error, session);
  }

  #setBehind(session: LiveSession, behind: boolean): void {
    this.#behind += Number(behind) - Number(session.behind);
    session.behind = behind;
  }

  #acceptSocket(socket: Socket, buffer: ReadBuffer | undefined): void {
    const { limits, sessions } = this.state;
    if (this.#retired || sessions.size >= limits.sessions) {
      const end = new StreamEnd(socket, buffer);
      this.#refused(end, new SluiceError("SLUICE_LIMIT_SESSIONS", `listener "${this.name}": ${limits.sessions} sessions are open`));
      end.leg.destroy();
      return;
    }
    const { keepAlive } = this.version.config.socket ?? {};
    if (keepAlive !== undefined) socket.setKeepAlive(true, keepAlive);
    this.#begin(new StreamEnd(socket, buffer));
  }

  #acceptFlow(leg: UdpClientLeg): void {
    const dropped = (datagrams: number): void => {
      this.dropped(datagrams);
    };
    leg.onDropped = dropped;
    this.#begin(new DatagramEnd(leg));
  }

  #begin(end: ClientEnd): void {
    const { limits, hub, opened } = this.state;
    if (this.#clients !== undefined && this.#clients.of(end.address()) >= limits.sessionsPerClient) {
      this.#refused(
        end,
        new SluiceError("SLUICE_LIMIT_SESSIONS_PER_CLIENT", `${String(end.address())} has ${limits.sessionsPerClient} sessions open`),
      );
      end.leg.destroy();
      return;
    }
    const session = new LiveSession(end, this.version, this);
    this.state.of(session.transport).add(session);
    this.#clients?.enter(session);
    this.#open += 1;
    opened.inc();
    const { events } = session.pipeline;
    if (events.observed || hub.sessions.observed) {
      session.remember();
      const event = { type: "session-started", listener: this.name, session } as const;
      events.next(event);
      hub.sessions.next(event);
    }
    session.open();
  }

  #refused(end: ClientEnd | undefined, error: SluiceError): void {
    this.state.refused.inc();
    const { events } = this.version.pipeline;
    if (!events.observed && !this.state.hub.sessions.observed) return;
    const client = end === undefined ? undefined : String(end.address());
    const event = { type: "session-refused", listener: this.name, client, error } as const;
    events.next(event);
    this.state.hub.sessions.next(event);
  }
}

/** How the table of a UDP listener is to be. */
export function tableOptions({ socket }: ResolvedListener, { limits, timeouts }: { limits: Limits; timeouts: Timeouts }): UdpTableOptions {
  return { max: limits.udpSessions, idle: timeouts.udpIdle, buffers: buffersOf(socket) };
}
