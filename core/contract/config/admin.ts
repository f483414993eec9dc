/** The admin server: API, page, events and metrics of a running proxy. */
export interface AdminConfig {
  /** `tcp://host:port` or `unix:///path`. Port 0: a free one, kept over reloads. @default "tcp://127.0.0.1:9900" */
  readonly listen?: string;
  /** The secret that callers must send. Required when the address is not loopback. @default a random one, made once per process */
  readonly token?: string;
  /** Names that are allowed in the Host header of a request, besides `localhost`, `127.0.0.1` and `[::1]`. */
  readonly hosts?: readonly string[];
  /** Who may read `/metrics`: only callers with the token, or everybody. @default "token" */
  readonly metrics?: "token" | "open";
  /** Folder of the captures and recordings that the API starts; relative to the config's folder. @default ".sluice/captures" */
  readonly folder?: string;
}
