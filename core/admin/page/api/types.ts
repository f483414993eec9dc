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

export interface EndpointView {
  readonly listener: string;
  readonly endpoint: string;
  readonly sessions: number;
  readonly failures: number;
  readonly state: string;
  readonly reason?: string;
  readonly since?: number;
  readonly until?: number;
}

export interface Override {
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
