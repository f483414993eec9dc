// A config after its check: every default filled in, times in milliseconds, sizes in bytes.
import type { ResolvedTrial } from "../events/trial.ts";
import type { PluginUse } from "../plugin/plugin.ts";
import type { Transport } from "../session/session.ts";
import type { ResolvedQueue, UpstreamTarget } from "../upstream/upstream.ts";
import type { Provider, SessionPolicy } from "./config.ts";
import type { LogLevel } from "./log-level.ts";

/** Where a listener binds, parsed. For `unix`, `path` is set, host is empty and port 0. */
export interface ListenAddress {
  /** The transport that its sessions report. */
  readonly transport: Transport;
  /** The scheme that it was written with, if that is not the transport's own name. */
  readonly scheme?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
}

/** A plugin use with its name settled and its options parsed. */
export interface ResolvedUse {
  readonly name: string;
  /** Its place in the config: `listeners.web.plugins[2]`. */
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
  /** All uses, including the disabled ones. */
  readonly declared: readonly ResolvedUse[];
  readonly reload: { readonly sessions: SessionPolicy; readonly deadlineMs: number; readonly trial?: ResolvedTrial | undefined };
  /** Only the options that were given; sizes in bytes. */
  readonly socket?: ResolvedSocket | undefined;
  /** Only the limits that were given. */
  readonly limits?: ResolvedListenerLimits | undefined;
  /** Only the timeouts that were given, in milliseconds. */
  readonly timeouts?: ResolvedListenerTimeouts | undefined;
}

export interface ResolvedListenerLimits {
  readonly sessions?: number | undefined;
  readonly queue?: ResolvedQueue | undefined;
  readonly datagrams?: number | undefined;
  readonly replies?: number | undefined;
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

/** The timeouts of a checked config, in milliseconds. */
export interface Timeouts {
  readonly connect: number;
  readonly handshake: number;
  readonly idle: number;
  /** Undefined: `idle` applies. */
  readonly halfClosed?: number | undefined;
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
  /** The path as given; undefined: standard error. */
  readonly file: string | undefined;
}

/** An {@link AdminConfig} with its defaults. */
export interface ResolvedAdmin {
  readonly address: ListenAddress;
  /** Undefined: a random one is made. */
  readonly token: string | undefined;
  /** In lower case. */
  readonly hosts: readonly string[];
  readonly metrics: "token" | "open";
  /** An absolute path. */
  readonly folder: string;
}

/** A config after validation: every default filled in, nothing opened. */
export interface ResolvedConfig {
  /** The listeners, in the order of the config. */
  readonly listeners: readonly ResolvedListener[];
  /** How names are looked up: by these servers (none: the system's), with these pinned names. */
  readonly dns: { readonly servers: readonly string[]; readonly hosts: ReadonlyMap<string, readonly string[]> };
  /** Upper bounds. */
  readonly limits: Limits;
  /** Timeouts in milliseconds. */
  readonly timeouts: Timeouts;
  /** How the end is prepared. */
  readonly shutdown: ResolvedShutdown;
  /** What plugins can inject besides. */
  readonly providers: readonly Provider[];
  /** Level, format and place of the log. */
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
