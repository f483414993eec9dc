import type { Duration } from "../options/units.ts";

/**
 * How an endpoint is checked. `tcp`: it accepts a connection. `tls`: a handshake succeeds, with verification if the upstream has `tls`. `http`:
 * the status of a GET, over TLS if the upstream has `tls`. `expect`: the first 64 KiB that it sends, after `send` if that is given, contain the
 * text or the bytes, or match the regular expression.
 */
export type HealthProbe =
  | "tcp"
  | "tls"
  | {
      /** The path of a GET. */
      readonly http: string;
      /** The statuses that pass. @default any from 200 to 399 */
      readonly status?: number | readonly number[];
    }
  | {
      /** What is sent first: a text or bytes. @default nothing: the endpoint speaks first */
      readonly send?: string | Uint8Array;
      /** What the answer must contain: a text, bytes, or an expression that it must match. */
      readonly expect: string | Uint8Array | RegExp;
    };

/** Active health checks: the endpoints are checked whether or not there are sessions. */
export interface HealthConfig {
  /** On a UDP listener only `send` and `expect`: a datagram, and what an answer contains. */
  readonly check: HealthProbe;
  /** Time from the end of one check to the start of the next, with a random part of ±10 %. @default "10s" */
  readonly interval?: Duration;
  /** Time for one whole check. @default "2s" */
  readonly timeout?: Duration;
  /** Checks passed in a row after which an endpoint that its check took down is up again. @default 2 */
  readonly rise?: number;
  /** Checks failed in a row after which the endpoint is down. @default 3 */
  readonly fall?: number;
}

/** {@link HealthConfig} with every default filled in, times in milliseconds. */
export interface HealthTarget {
  readonly check: HealthProbe;
  readonly interval: number;
  readonly timeout: number;
  readonly rise: number;
  readonly fall: number;
}
