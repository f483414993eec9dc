import type { SocketAddress } from "./address.ts";
import type { AdminConfig } from "./admin.ts";
import type { LogLevel } from "./log-level.ts";
import type { InjectionKey, PluginUse } from "./plugin.ts";
import type { Transport } from "./session.ts";
import type { Duration, Size } from "./options/units.ts";
import type { ResolvedTrial, TrialConfig } from "./trial.ts";
import type { QueueConfig, UpstreamConfig, UpstreamTarget } from "./upstream.ts";

/** What live sessions do when a reload changes their listener's pipeline. */
export type SessionPolicy = "swap" | "keep" | "drain" | "close";

export interface ReloadConfig {
  /** `swap`: live sessions take the new byte hooks. `keep`: they end on the old. `drain`: as keep, with a deadline. `close`. @default "swap" */
  readonly sessions?: SessionPolicy;
  /** How long `drain` waits before it resets what is left. @default timeouts.drain */
  readonly deadline?: Duration;
  /** A save goes first to a share of the sessions, and is taken back when its plugins fail there; `true`: with its defaults. @default false */
  readonly trial?: boolean | TrialConfig;
}

export interface SocketConfig {
  /** TCP: silence after which the kernel asks whether the peer is still there, on both legs (RFC 9293 section 3.8.4), at least 1 s. @default off */
  readonly keepAlive?: Duration;
  /** Unix: the socket file's permissions, in octal, e.g. "0660". @default what the umask gives */
  readonly mode?: string;
  /** Unix: the socket file's group, by name or number. @default the process's */
  readonly group?: string | number;
  /** UDP: bytes that the kernel keeps for this side until they are read, on both legs; it may give less (`net.core.rmem_max`). @default "4MiB" */
  readonly receiveBuffer?: Size;
  /** UDP: bytes that the kernel keeps until they are sent, on both legs; it may give less (`net.core.wmem_max`). @default the system's */
  readonly sendBuffer?: Size;
}

/** Plugin uses, in their order. An array among them stands for what is in it, so that a preset is one entry. */
export type PluginUses = readonly (PluginUse | PluginUses)[];

/** Limits of one listener, beside those for all. */
export interface ListenerLimitsConfig {
  /** Open sessions of the listener; on a UDP listener the flows, in place of `limits.udpSessions`. @default no limit but `limits.sessions` */
  readonly sessions?: number;
  /** Streams: where clients wait, unread, when there are as many. @default none: they are closed with SLUICE_LIMIT_SESSIONS at once */
  readonly queue?: QueueConfig;
}

export interface ListenerConfig {
  /** `tcp://127.0.0.1:8080`, `udp://…`, `tls://…`, `unix:///path`. Without a host: 127.0.0.1. Port 0: a free one, kept over reloads. */
  readonly listen: string;
  /** Where sessions go. May be left out when a plugin answers by itself. */
  readonly upstream?: UpstreamConfig;
  /** The first stands nearest the client. */
  readonly plugins?: PluginUses;
  /** What a save does to its open sessions. */
  readonly reload?: ReloadConfig;
  /** Settings of its sockets. */
  readonly socket?: SocketConfig;
  /** `false`: it does not listen, as if it were not there; on a reload its open sessions drain. @default true */
  readonly enabled?: boolean;
  /** Of this listener alone. */
  readonly limits?: ListenerLimitsConfig;
  /** In place of the config's, for this listener. `connect` holds on the way to its upstream, `drain` for its sessions when it is removed. */
  readonly timeouts?: ListenerTimeoutsConfig;
}

export interface DnsConfig {
  /** Name servers for upstream names, `address` or `address:port`. @default the system's */
  readonly servers?: readonly string[];
  /** Names pinned to addresses. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
}

export interface LimitsConfig {
  /** Open stream sessions in all. @default under half of the process's file descriptor limit, at most 65536 */
  readonly sessions?: number;
  /** Open sessions of one client (IPv4 address or IPv6 /64) on one listener. @default no limit but `sessions` */
  readonly sessionsPerClient?: number;
  /** UDP flows of one listener; at the limit the one idle longest is evicted. @default 1024, or less where descriptors are few */
  readonly udpSessions?: number;
  /** Bytes that asynchronous operators may hold in one flow. @default "4MiB" */
  readonly bufferPerFlow?: Size;
  /** How long the old operators may take to flush on a swap. @default "5s" */
  readonly swapTimeout?: Duration;
}

/** How long what concerns sessions may take. */
export interface ListenerTimeoutsConfig {
  /** One attempt at opening the upstream leg. @default "5s" */
  readonly connect?: Duration;
  /** A TLS handshake with the client, and its ClientHello. @default "10s" */
  readonly handshake?: Duration;
  /** A stream session without a byte in either direction. @default "10m" */
  readonly idle?: Duration;
  /** The same for a UDP flow. @default "60s" */
  readonly udpIdle?: Duration;
  /** How long stopping waits for open stream sessions. @default "30s" */
  readonly drain?: Duration;
}

export interface TimeoutsConfig extends ListenerTimeoutsConfig {
  /** A plugin's setup(), and the evaluation of the config. @default "30s" */
  readonly setup?: Duration;
}

/** What `sluice start` does at SIGTERM before it drains, for a load balancer that takes its time to send nobody any more. */
export interface ShutdownConfig {
  /** Connections are accepted for as long, while `/readyz` of the admin server answers 503 already. @default "0s" */
  readonly delay?: Duration;
  /** No connection for as long ends `delay` early. Whoever leaves without having sent a byte was a probe, and does not count. @default "1s" */
  readonly quiet?: Duration;
}

/** How the proxy logs. Changed by a reload, also for plugins that live on. */
export interface LogConfig {
  /** Records below it are not written. `--log-level` and SLUICE_LOG_LEVEL go first, in this order. @default "info" */
  readonly level?: LogLevel;
  /** `json`: one object a line. `line`: readable text, a line a record. `auto`: `line` on a terminal, else `json`. @default "auto" */
  readonly format?: "auto" | "line" | "json";
  /** Appended to instead of standard error; relative to the config's folder. Opened again at each reload and at SIGHUP. @default standard error */
  readonly file?: string;
}

/** Adds or replaces something that plugins inject: a virtual clock, a shared store. What a `useFactory` promises is awaited, within `timeouts.setup`. */
export type Provider =
  | { readonly token: InjectionKey<unknown> | string; readonly useValue: unknown }
  // oxlint-disable-next-line typescript/no-explicit-any -- tsyringe's own shape
  | { readonly token: InjectionKey<unknown> | string; readonly useClass: new (...dependencies: any[]) => unknown }
  | { readonly token: InjectionKey<unknown> | string; readonly useFactory: () => unknown };

/** What `proxy.config.ts` exports. */
export interface SluiceConfig {
  /** For every listener, in front of its own. */
  readonly plugins?: PluginUses;
  /** By name; the name is the listener's identity across reloads. */
  readonly listeners: Readonly<Record<string, ListenerConfig>>;
  /** What a save does to open sessions, for every listener that does not say otherwise. */
  readonly reload?: ReloadConfig;
  /** How the names of upstreams are looked up. */
  readonly dns?: DnsConfig;
  /** How much there may be of everything. */
  readonly limits?: LimitsConfig;
  /** How long is waited, and for what. */
  readonly timeouts?: TimeoutsConfig;
  /** How `sluice start` takes its leave of a load balancer. A proxy in a program has `close()`. */
  readonly shutdown?: ShutdownConfig;
  /** What plugins inject besides: a virtual clock, a shared store. */
  readonly providers?: readonly Provider[];
  /** Level, format and place of the log. Without effect where a program gave `createProxy` a logger of its own. */
  readonly log?: LogConfig;
  /** The admin server; `true`: with its defaults. @default false */
  readonly admin?: boolean | AdminConfig;
  /**
   * How many processes `sluice start` serves with, at most 256; `"auto"`: as many as there are processors for this process. A reload cannot
   * change it. A proxy in a program is one process, whatever it says. @default 1
   */
  readonly workers?: number | "auto";
}

/** Where a listener binds, parsed. For `unix`, `path` is set, host is empty and port 0. */
export interface ListenAddress {
  /** What its sessions are said to come by. */
  readonly transport: Transport;
  /** How it was written, where that is not the transport's own name. */
  readonly scheme?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
}

/** A plugin use with its name settled and its options parsed. */
export interface ResolvedUse {
  readonly name: string;
  /** Where it stands in the config: `listeners.web.plugins[2]`. */
  readonly path: string;
  readonly use: PluginUse;
  readonly options: unknown;
}

export interface ResolvedListener {
  readonly name: string;
  readonly address: ListenAddress;
  readonly upstream: UpstreamTarget | undefined;
  /** The enabled uses, the config's own first. */
  readonly uses: readonly ResolvedUse[];
  /** All of them, also the disabled ones. */
  readonly declared: readonly ResolvedUse[];
  readonly reload: { readonly sessions: SessionPolicy; readonly deadlineMs: number; readonly trial?: ResolvedTrial | undefined };
  /** What was given; bytes. */
  readonly socket?: ResolvedSocket | undefined;
  /** What was given. */
  readonly limits?: ResolvedListenerLimits | undefined;
  /** What was given, in milliseconds. */
  readonly timeouts?: ResolvedListenerTimeouts | undefined;
}

export interface ResolvedListenerLimits {
  readonly sessions?: number | undefined;
  readonly queue?: { readonly max: number; readonly timeout: number } | undefined;
}

export type ResolvedListenerTimeouts = { readonly [Name in Exclude<keyof Timeouts, "setup">]?: number | undefined };

export interface ResolvedSocket {
  readonly keepAlive?: number | undefined;
  readonly mode?: number | undefined;
  readonly group?: string | number | undefined;
  readonly receiveBuffer?: number | undefined;
  readonly sendBuffer?: number | undefined;
}

/** Numbers only; durations in milliseconds, sizes in bytes. */
export interface Limits {
  readonly sessions: number;
  readonly sessionsPerClient: number;
  readonly udpSessions: number;
  readonly bufferPerFlow: number;
  readonly swapTimeout: number;
}

export interface Timeouts {
  readonly connect: number;
  readonly handshake: number;
  readonly idle: number;
  readonly udpIdle: number;
  readonly drain: number;
  readonly setup: number;
}

/** Milliseconds. */
export interface ResolvedShutdown {
  readonly delay: number;
  readonly quiet: number;
}

export interface ResolvedLog {
  readonly level: LogLevel;
  readonly format: "auto" | "line" | "json";
  /** As given. */
  readonly file: string | undefined;
}

/** An {@link AdminConfig} with its defaults. */
export interface ResolvedAdmin {
  readonly address: ListenAddress;
  /** Undefined: made by chance. */
  readonly token: string | undefined;
  /** In lower case. */
  readonly hosts: readonly string[];
  readonly metrics: "token" | "open";
  /** Absolute. */
  readonly folder: string;
}

/** A config after validation: every default filled in, nothing opened. */
export interface ResolvedConfig {
  readonly listeners: readonly ResolvedListener[];
  readonly dns: { readonly servers: readonly string[]; readonly hosts: ReadonlyMap<string, readonly string[]> };
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly shutdown: ResolvedShutdown;
  readonly providers: readonly Provider[];
  readonly log: ResolvedLog;
  /** Undefined: no admin server. */
  readonly admin: ResolvedAdmin | undefined;
  /** Processes that `sluice start` serves with. */
  readonly workers: number;
  /** The config's file, for messages; undefined when given in-process. */
  readonly file: string | undefined;
  /** Things to warn about that are not errors: a wildcard address, an upstream that is not verified. */
  readonly warnings: readonly string[];
}

/** A bound listener, as `proxy.listeners.<name>` shows it. */
export interface ListenerView {
  readonly name: string;
  readonly transport: Transport;
  /** What is really bound: the port is never 0. */
  readonly address: SocketAddress;
  /** `tcp://127.0.0.1:8080` */
  readonly url: string;
  /** Open sessions. */
  readonly sessions: number;
}
