import { Histogram } from "../state/histogram.ts";

/** Bounds in seconds: OpenTelemetry's for http.server.request.duration (semantic conventions 1.44). */
const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Methods that OpenTelemetry tells apart (RFC 9110, RFC 5789); a client may send any. */
const known = new Set(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]);
const other = "_OTHER";

/** Pairs of method and status that have series of their own. */
const mostPairs = 32;

/** The durations of requests with one method and one status. */
export interface RequestCounts {
  readonly method: string;
  /** The status of the response; `_OTHER`: pairs beyond the limit; `0`: there was no response. */
  readonly status: string;
  readonly durations: Histogram;
}

/** The HTTP requests of one listener. */
export class RequestBook {
  /** By method and status. */
  readonly #pairs = new Map<string, Map<number | typeof other, RequestCounts>>();
  #count = 0;

  get all(): Iterable<RequestCounts> {
    return [...this.#pairs.values()].flatMap((byStatus) => [...byStatus.values()]);
  }

  ended(method: string, status: number, durationMs: number): void {
    const name = known.has(method) ? method : other;
    this.#of(name, status).durations.add(durationMs / 1000);
  }

  #of(method: string, status: number | typeof other): RequestCounts {
    const counts = this.#pairs.get(method)?.get(status);
    if (counts !== undefined) return counts;
    if (this.#count >= mostPairs && status !== other) return this.#of(other, other);
    const made = { method, status: String(status), durations: new Histogram(requestSeconds) };
    const byStatus = this.#pairs.get(method) ?? new Map<number | typeof other, RequestCounts>();
    this.#pairs.set(method, byStatus.set(status, made));
    this.#count += 1;
    return made;
  }
}
