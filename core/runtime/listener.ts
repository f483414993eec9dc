import type { Socket } from "node:net";
import {
  addressText,
  SluiceError,
  type Limits,
  type ListenerView,
  type SocketAddress,
  type Timeouts,
  type Transport,
} from "../contract/index.ts";
import type { ReadBuffer } from "../net/read-buffer.ts";
import { StreamListener } from "../net/stream-listener.ts";
import type { UdpClientLeg } from "../net/udp-client-leg.ts";
import { UdpListener } from "../net/udp-listener.ts";
import { DatagramEnd, StreamEnd, type ClientEnd } from "./client-end.ts";
import type { LivePipeline } from "./live-pipeline.ts";
import { LiveSession } from "./live-session.ts";
import type { ProxyState } from "./proxy-state.ts";
import type { SessionHost } from "./session-host.ts";
import type { Terms } from "./terms.ts";

export type Bound = StreamListener | UdpListener;

/** A bound listener and its sessions. Its identity is its name; what it gives new sessions changes with the generations. */
export class Listener implements ListenerView, SessionHost<LiveSession> {
  readonly #perClient = new Map<string, number>();
  #retired = false;
  #open = 0;

  constructor(
    readonly name: string,
    readonly bound: Bound,
    /** What new sessions get. A commit replaces it. */
    public terms: Terms,
    private readonly state: ProxyState,
  ) {}

  get transport(): Transport {
    return this.terms.config.address.transport;
  }

  get address(): SocketAddress {
    return this.bound.local;
  }

  get local(): SocketAddress {
    return this.bound.local;
  }

  get url(): string {
    const { transport, path } = this.terms.config.address;
    return addressText({ transport, host: this.local.address, port: this.local.port, path });
  }

  /** How many sessions are open. */
  get sessions(): number {
    return this.#open;
  }

  /** The open sessions. Asked for on a reload only, so no table of each listener's own is kept. */
  get open(): readonly LiveSession[] {
    return [...this.state.of(this.transport)].filter((session) => session.isOf(this));
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

  /** Takes the limits of a new generation. */
  configure(): void {
    this.#perClient.clear();
    if (this.#countsClients) for (const session of this.open) this.#count(session.client, 1);
    if (this.bound instanceof UdpListener) this.bound.configure({ max: this.limits.udpSessions, idle: this.timeouts.udpIdle });
  }

  /** Stops accepting at once. Stream sessions live on; datagram flows have only the listener's socket, and end with it. */
  close(): void {
    this.#retired = true;
    if (this.bound instanceof UdpListener) {
      const closed = new SluiceError("SLUICE_CLOSED", `listener "${this.name}" was closed`);
      for (const session of this.open) session.fail(closed);
    }
    this.bound.close();
  }

  /** Leaves the bound socket to another listener; sessions live on. */
  handOver(): Bound {
    this.#retired = true;
    return this.bound;
  }

  ended(session: LiveSession, error: SluiceError | undefined): void {
    this.#open -= 1;
    this.state.of(session.transport).delete(session);
    if (this.#countsClients || this.#perClient.size > 0) this.#count(session.client, -1);
    this.state.closed.inc();
    const { events } = session.pipeline;
    if (!events.observed && !this.state.hub.sessions.observed) return;
    const event = { type: "session-ended", listener: this.name, record: session.record(), error } as const;
    events.next(event);
    this.state.hub.sessions.next(event);
  }

  fault(plugin: string, error: SluiceError, session: LiveSession | undefined): void {
    this.state.fault(this.name, plugin, error, session);
  }

  warning(message: string): void {
    this.state.warn(this.name, message);
  }

  dropped(datagrams: number): void {
    this.state.dropped.inc(datagrams);
    this.state.hub.sessions.next({
      type: "dropped",
      listener: this.name,
      datagrams,
      why: "operators hold limits.bufferPerFlow, or the upstream is not open yet",
    });
  }

  swapped(session: LiveSession): void {
    this.state.hub.sessions.next({ type: "swapped", listener: this.name, session, generation: session.generation });
  }

  /** Live sessions take new byte hooks. */
  swapSessions(pipeline: LivePipeline): void {
    for (const session of this.open) session.swapTo(pipeline);
  }

  #acceptSocket(socket: Socket, buffer: ReadBuffer | undefined): void {
    const { limits, sessions } = this.state;
    if (this.#retired || sessions.size >= limits.sessions) {
      const end = new StreamEnd(socket, buffer);
      this.#refused(end, new SluiceError("SLUICE_LIMIT_SESSIONS", `listener "${this.name}": ${limits.sessions} sessions are open`));
      end.leg.destroy();
      return;
    }
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
    if (this.#countsClients && this.#count(end.address(), 1) > limits.sessionsPerClient) {
      this.#count(end.address(), -1);
      this.#refused(
        end,
        new SluiceError("SLUICE_LIMIT_SESSIONS_PER_CLIENT", `${String(end.address())} has ${limits.sessionsPerClient} sessions open`),
      );
      end.leg.destroy();
      return;
    }
    const session = new LiveSession(end, this.terms, this);
    this.state.of(session.transport).add(session);
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
    const { events } = this.terms.pipeline;
    if (!events.observed && !this.state.hub.sessions.observed) return;
    const client = end === undefined ? undefined : String(end.address());
    const event = { type: "session-refused", listener: this.name, client, error } as const;
    events.next(event);
    this.state.hub.sessions.next(event);
  }

  /** Without a limit of its own a client's address is not asked for: it costs a system call. */
  get #countsClients(): boolean {
    return this.state.limits.sessionsPerClient < this.state.limits.sessions;
  }

  #count(client: SocketAddress, by: number): number {
    const key = clientKey(client);
    const count = (this.#perClient.get(key) ?? 0) + by;
    if (count > 0) this.#perClient.set(key, count);
    else this.#perClient.delete(key);
    return count;
  }
}

/** One client: an IPv4 address, or an IPv6 /64, which is what one subscriber has. */
function clientKey({ address, family }: SocketAddress): string {
  if (family !== "IPv6") return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  return [...groups, ...Array.from({ length: zeros }, () => "0"), ...after].slice(0, 4).join(":");
}
