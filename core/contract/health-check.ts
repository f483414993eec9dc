import type { Duration } from "./options/units.ts";

/**
 * How an endpoint is asked. `tcp`: it takes a connection. `tls`: it goes through a handshake, verified where the upstream has `tls`. `http`: the status of a GET, over
 * TLS where the upstream has it. `expect`: what it says, after `send` if that is given, contains a text, bytes, or what an expression matches, within its first 64 KiB.
 */
export type HealthProbe =
  | "tcp"
  | "tls"
  | {
      /** The path of a GET. */
      readonly http: string;
      /** What may come. @default any from 200 to 399 */
      readonly status?: number | readonly number[];
    }
  | {
      /** @default nothing: it speaks first */
      readonly send?: string | Uint8Array;
      readonly expect: string | Uint8Array | RegExp;
    };

/** Active health: the endpoints are asked, whether or not there are sessions. */
export interface HealthConfig {
  /** On a UDP listener only `send` and `expect`: a datagram, and what an answer contains. */
  readonly check: HealthProbe;
  /** From the end of one check to the next, give or take 10 %. @default "10s" */
  readonly interval?: Duration;
  /** All of a check. @default "2s" */
  readonly timeout?: Duration;
  /** Passes in a row after which an endpoint that is down by its check is up. @default 2 */
  readonly rise?: number;
  /** Failures in a row after which it is down. @default 3 */
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
