/** What the API answers, as far as the page shows it. */
export interface PluginView {
  readonly name: string;
  readonly id: string;
  readonly enabled: boolean;
  readonly overridden: boolean;
  readonly onError: "close" | "bypass";
  readonly options: unknown;
  readonly path: string;
  readonly generation?: number;
  readonly hooks: readonly string[];
}

export interface ListenerView {
  readonly name: string;
  readonly url: string;
  readonly transport: string;
  readonly sessions: number;
  readonly behind: number;
  readonly plugins: readonly PluginView[];
  readonly upstream?: { readonly endpoints: readonly string[]; readonly balance?: string };
}

interface EndpointView {
  readonly listener: string;
  readonly endpoint: string;
  readonly sessions: number;
  readonly failures: number;
  readonly state: string;
  readonly reason?: string;
  readonly since?: number;
  readonly until?: number;
}

interface Override {
  readonly listener: string;
  readonly plugin: string;
  readonly enabled?: boolean;
  readonly options?: unknown;
}

export interface Status {
  readonly generation: number;
  readonly startedAt: number;
  readonly pid: number;
  readonly memory: number;
  readonly overrides: readonly Override[];
  readonly upstreams: readonly EndpointView[];
  readonly counters: Readonly<Record<string, number>>;
}

export interface GenerationView {
  readonly generation: number;
  readonly at: number;
  readonly origin: string;
  readonly durationMs: number;
  readonly steps: readonly { readonly listener: string; readonly action: string; readonly detail: string; readonly sessions: number }[];
  readonly overrides: readonly Override[];
  readonly current: boolean;
  readonly sessions: number;
}

/** What passes one way, and how fast. */
interface Flowing {
  readonly bytes: number;
  readonly bytesPerSecond: number;
  readonly chunksPerSecond: number;
}

/** What a plugin use makes of one direction. */
interface Passing {
  readonly chunksPerSecond: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
  readonly drops: number;
  /** Seconds a chunk. */
  readonly p50?: number;
  readonly p99?: number;
}

export interface ListenerRates {
  readonly listener: string;
  readonly sessions: number;
  readonly sessionsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly fromClient: Flowing;
  readonly fromUpstream: Flowing;
  readonly plugins: readonly {
    readonly plugin: string;
    readonly errors: number;
    readonly fromClient?: Passing;
    readonly fromUpstream?: Passing;
  }[];
}

export type Direction = "fromClient" | "fromUpstream";

export interface SessionView {
  readonly id: number;
  readonly listener: string;
  readonly transport: string;
  readonly client: string;
  readonly upstream?: string;
  readonly state: "open" | "ended";
  readonly reason?: string;
  readonly generation: number;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly fromClient: { readonly bytes: number; readonly chunks: number };
  readonly fromUpstream: { readonly bytes: number; readonly chunks: number };
  readonly bytes: number;
  readonly plugins: readonly string[];
}

export interface SessionDetail extends SessionView {
  readonly tls?: { readonly protocol?: string; readonly serverName?: string };
  readonly held: readonly Direction[];
  readonly message?: string;
  readonly timeline: readonly ({ readonly at: number; readonly what: string } & Readonly<Record<string, unknown>>)[];
}

/** A chunk at one place of a session's way. */
export interface ChunkEvent {
  readonly session: number;
  readonly direction: Direction;
  readonly chunk: number;
  readonly plugin?: string;
  readonly at: number;
  readonly bytes?: number;
  readonly took?: number;
  readonly same: boolean;
  readonly data?: string;
}
