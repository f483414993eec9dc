/** A difference between a running proxy and its config in one plugin use. It lasts until it is taken back or the process ends. */
export interface Override {
  readonly listener: string;
  /** The plugin use's name. */
  readonly plugin: string;
  /** Undefined: as the config says. */
  readonly enabled?: boolean;
  /** A JSON merge patch (RFC 7396) of the use's options: null takes an option out. Undefined: as the config says. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What a generation was made from: a config that was saved or applied, an override, or an earlier generation that was restored. */
export type GenerationOrigin = "config" | "override" | "restore";
