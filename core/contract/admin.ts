/** The admin server: API, page, events and metrics of a running proxy. */
export interface AdminConfig {
  /** `tcp://host:port` or `unix:///path`. Port 0: a free one, kept over reloads. @default "tcp://127.0.0.1:9900" */
  readonly listen?: string;
  /** What callers prove themselves with. Needed for an address that is not loopback. @default made by chance, once per process */
  readonly token?: string;
  /** Names that may stand in the Host of a request, beside `localhost`, `127.0.0.1` and `[::1]`. */
  readonly hosts?: readonly string[];
  /** Who may read `/metrics`: whoever has the token, or everybody. @default "token" */
  readonly metrics?: "token" | "open";
  /** Where captures and recordings are written that the API asks for; relative to the config's folder. @default ".sluice/captures" */
  readonly folder?: string;
}
