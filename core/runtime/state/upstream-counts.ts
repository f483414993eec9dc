import { Histogram } from "./histogram.ts";

/** Bounds in seconds: from a connection within a building, to one across an ocean, to one that is tried again. */
const connectSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Counts the attempts to connect to one endpoint, by result. */
export interface EndpointCounts {
  ok: number;
  failed: number;
  ejections: number;
}

/** Counts the connections of one listener's sessions and plugins to upstreams, by endpoint as written in the config. */
export class UpstreamCounts {
  /** Durations of connections that opened, look-up and TLS included. */
  readonly durations = new Histogram(connectSeconds);
  /** The counts of endpoints in the config. */
  readonly endpoints = new Map<string, EndpointCounts>();
  /** The counts of all endpoints that plugins chose, together: clients may have named them, so their number has no limit. */
  readonly others = noneYet();

  /** Adds endpoints that the config names. */
  know(endpoints: Iterable<string>): void {
    for (const endpoint of endpoints) if (!this.endpoints.has(endpoint)) this.endpoints.set(endpoint, noneYet());
  }

  attempted(endpoint: string, seconds: number, ok: boolean): void {
    const counts = this.endpoints.get(endpoint) ?? this.others;
    if (ok) {
      counts.ok += 1;
      this.durations.add(seconds);
    } else counts.failed += 1;
  }

  ejected(endpoint: string): void {
    (this.endpoints.get(endpoint) ?? this.others).ejections += 1;
  }
}

function noneYet(): EndpointCounts {
  return { ok: 0, failed: 0, ejections: 0 };
}

/** The counts of all listeners. A reload keeps the counts of what the config still has. */
export class UpstreamBook {
  readonly #listeners = new Map<string, UpstreamCounts>();

  of(listener: string): UpstreamCounts {
    let counts = this.#listeners.get(listener);
    if (counts === undefined) {
      counts = new UpstreamCounts();
      this.#listeners.set(listener, counts);
    }
    return counts;
  }

  forget(listener: string, endpoint: string): void {
    this.#listeners.get(listener)?.endpoints.delete(endpoint);
  }

  /** Forgets the listeners that a config does not have. */
  keepOnly(listeners: readonly { readonly name: string }[]): void {
    const names = new Set(listeners.map(({ name }) => name));
    for (const name of this.#listeners.keys()) if (!names.has(name)) this.#listeners.delete(name);
  }
}
