import type { SocketAddress } from "../addresses/address.ts";
import type { TrialConfig } from "../events/trial.ts";
import type { Duration, Size } from "../options/units.ts";
import type { InjectionKey, PluginUse } from "../plugin/plugin.ts";
import type { Transport } from "../session/session.ts";
import type { QueueConfig, UpstreamConfig } from "../upstream/upstream.ts";
import type { AdminConfig } from "./admin.ts";
import type { LogLevel } from "./log-level.ts";

/** What live sessions do when a reload changes their listener's pipeline. */
export type SessionPolicy = "swap" | "keep" | "drain" | "close";

/** What a change of the config does to a listener's open sessions. */
export interface ReloadConfig {
  /** `swap`: live sessions take the new byte hooks. `keep`: they keep the old. `drain`: `keep` with a deadline. `close`: they end. @default "swap" */
  readonly sessions?: SessionPolicy;
  /** How long `drain` waits before it resets the sessions that are left. @default timeouts.drain */
  readonly deadline?: Duration;
  /** A saved config is first tried on a share of the sessions, and taken back if its plugins fail there; `true`: with the defaults. @default false */
  readonly trial?: boolean | TrialConfig;
}

/** Settings of a listener's sockets. */
export interface SocketConfig {
  /** TCP: silence after which the kernel asks whether the peer is still there, on both legs (RFC 9293 section 3.8.4), at least 1 s. @default off */
  readonly keepAlive?: Duration;
  /** Unix: the socket file's permissions, in octal, e.g. "0660". @default decided by the umask */
  readonly mode?: string;
  /** Unix: the socket file's group, by name or number. @default the process's */
  readonly group?: string | number;
  /** UDP: size of the kernel's receive buffer, on both legs; the kernel may grant less (`net.core.rmem_max`). @default "4MiB" */
  readonly receiveBuffer?: Size;
  /** UDP: size of the kernel's send buffer, on both legs; the kernel may grant less (`net.core.wmem_max`). @default the system's */
  readonly sendBuffer?: Size;
}

/** Plugin uses, in order. A nested array counts as the uses in it, so that a preset can be one entry. */
export type PluginUses = readonly (PluginUse | PluginUses)[];

/** Limits of one listener, in addition to those of the whole proxy. */
export interface ListenerLimitsConfig {
  /** Most open sessions of the listener; on a UDP listener, flows (replaces `limits.udpSessions`). @default only `limits.sessions` applies */
  readonly sessions?: number;
  /** Stream listeners: where clients wait, unread, while `sessions` is reached. @default none: they are closed with SLUICE_LIMIT_SESSIONS at once */
  readonly queue?: QueueConfig;
  /** UDP: datagrams of a client that one flow takes, at least 1; the next one begins another flow, which may go to another endpoint. @default no limit */
  readonly datagrams?: number;
  /** UDP: replies to each datagram of a client, at least 1. A flow that has them all ends at once; with `datagrams`, not before it has that many. @default flows end when they are idle */
  readonly replies?: number;
}

/** One listener: where it listens, where its sessions go, and its plugins. */
export interface ListenerConfig {
  /** `tcp://127.0.0.1:8080`, `udp://…`, `tls://…`, `unix:///path`. Without a host: 127.0.0.1. Port 0: a free one, kept over reloads. */
  readonly listen: string;
  /** Where sessions go. May be left out when a plugin answers by itself. */
  readonly upstream?: UpstreamConfig;
  /** The first is nearest to the client. */
  readonly plugins?: PluginUses;
  /** What a change of the config does to the listener's open sessions. */
  readonly reload?: ReloadConfig;
  /** Settings of its sockets. */
  readonly socket?: SocketConfig;
  /** `false`: it does not listen, as if it were not in the config; on a reload its open sessions drain. @default true */
  readonly enabled?: boolean;
  /** Limits of this listener alone. */
  readonly limits?: ListenerLimitsConfig;
  /** Timeouts of this listener, instead of the config's. `connect` applies to its upstream, `drain` to its sessions when it is removed. */
  readonly timeouts?: ListenerTimeoutsConfig;
}

/** How the names of upstreams are looked up. */
export interface DnsConfig {
  /** Name servers for upstream names, `address` or `address:port`. @default the system's */
  readonly servers?: readonly string[];
  /** Names pinned to addresses. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
}

/** Upper bounds for sessions and memory. */
export interface LimitsConfig {
  /** Most open stream sessions in total. @default less than half of the process's file descriptor limit, at most 65536 */
  readonly sessions?: number;
  /** Most open sessions of one client (IPv4 address or IPv6 /64) on one listener. @default only `sessions` limits them */
  readonly sessionsPerClient?: number;
  /** Most UDP flows of one listener; at the limit the flow idle longest is evicted. @default 1024, or fewer if the file descriptor limit is low */
  readonly udpSessions?: number;
  /** Bytes that asynchronous operators may hold in one flow. A chunk counts as its bytes and 256 more. @default "4MiB" */
  readonly bufferPerFlow?: Size;
  /** How long the old operators may take to flush on a swap. @default "5s" */
  readonly swapTimeout?: Duration;
}

/** Timeouts that concern sessions. */
export interface ListenerTimeoutsConfig {
  /** One attempt at opening the upstream leg. @default "5s" */
  readonly connect?: Duration;
  /** A whole TLS handshake with the client, including its ClientHello. @default "10s" */
  readonly handshake?: Duration;
  /** A stream session without a byte in either direction. @default "10m" */
  readonly idle?: Duration;
  /**
   * The same for a stream session of which one side has finished (FIN) and the other has not; `0`: it ends as soon as one side has finished and
   * what it sent is delivered, so that what the other side still sends is lost. @default idle
   */
  readonly halfClosed?: Duration;
  /** The same for a UDP flow. @default "60s" */
  readonly udpIdle?: Duration;
  /** How long stopping waits for open stream sessions. @default "30s" */
  readonly drain?: Duration;
}

/** How long to wait for connections, handshakes, idle sessions, draining and setup. */
export interface TimeoutsConfig extends ListenerTimeoutsConfig {
  /** A plugin's setup(), and the evaluation of the config. @default "30s" */
  readonly setup?: Duration;
}

/** What `sluice start` does at SIGTERM before it drains: it gives a load balancer time to stop sending clients. */
export interface ShutdownConfig {
  /** How long connections are still accepted, while `/readyz` of the admin server already answers 503. @default "0s" */
  readonly delay?: Duration;
  /** When no connection arrives for this long, `delay` ends early. A client that leaves without sending a byte does not count. @default "1s" */
  readonly quiet?: Duration;
}

/** How the proxy logs. Changed by a reload, also for plugins that live on. */
export interface LogConfig {
  /** Records below this level are not written. `--log-level`, then SLUICE_LOG_LEVEL, take precedence. @default "info" */
  readonly level?: LogLevel;
  /** `json`: one object per line. `line`: readable text, one line per record. `auto`: `line` on a terminal, else `json`. @default "auto" */
  readonly format?: "auto" | "line" | "json";
  /** File to append to; relative to the config's folder. Opened again at each reload and at SIGHUP. @default standard error */
  readonly file?: string;
}

/** Adds or replaces something that plugins inject: a virtual clock, a shared store. A promise of `useFactory` is awaited, within `timeouts.setup`. */
export type Provider =
  | { readonly token: InjectionKey<unknown> | string; readonly useValue: unknown }
  // oxlint-disable-next-line typescript/no-explicit-any -- tsyringe's own shape
  | { readonly token: InjectionKey<unknown> | string; readonly useClass: new (...dependencies: any[]) => unknown }
  | { readonly token: InjectionKey<unknown> | string; readonly useFactory: () => unknown };

/** What `proxy.config.ts` exports. */
export interface SluiceConfig {
  /** Plugins of every listener, in front of the listener's own. */
  readonly plugins?: PluginUses;
  /** By name; the name is the listener's identity across reloads. */
  readonly listeners: Readonly<Record<string, ListenerConfig>>;
  /** What a change of the config does to open sessions, unless a listener says otherwise. */
  readonly reload?: ReloadConfig;
  /** How the names of upstreams are looked up. */
  readonly dns?: DnsConfig;
  /** Upper bounds for sessions and memory. */
  readonly limits?: LimitsConfig;
  /** How long to wait for connections, handshakes, idle sessions, draining and setup. */
  readonly timeouts?: TimeoutsConfig;
  /** How `sluice start` prepares a load balancer for its end. A program that runs a proxy calls `close()` instead. */
  readonly shutdown?: ShutdownConfig;
  /** Further things that plugins can inject: a virtual clock, a shared store. */
  readonly providers?: readonly Provider[];
  /** Level, format and place of the log. No effect when a program passes a logger of its own to `createProxy`. */
  readonly log?: LogConfig;
  /** The admin server; `true`: with its defaults. @default false */
  readonly admin?: boolean | AdminConfig;
  /**
   * Number of processes that `sluice start` serves with, at most 256; `"auto"`: one for each processor that this process may use. A reload
   * cannot change it. A proxy in a program is always one process. @default 1
   */
  readonly workers?: number | "auto";
}

/** A bound listener, as `proxy.listeners.<name>` shows it. */
export interface BoundListener {
  readonly name: string;
  readonly transport: Transport;
  /** What is really bound: the port is never 0. */
  readonly address: SocketAddress;
  /** `tcp://127.0.0.1:8080` */
  readonly url: string;
  /** Open sessions. */
  readonly sessions: number;
}
