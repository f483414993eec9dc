import type { AnyErrorCode, Metrics } from "../../contract/index.ts";
import { HealthBook } from "../../net/balance/endpoints/health-book.ts";
import type { HealthChecks } from "../../net/health/health-checks.ts";
import type { CheckedEndpoint } from "../../net/health/health-check.ts";
import type { EventHub } from "./event-hub.ts";
import type { UpstreamBook } from "./upstream-counts.ts";
import type { ListenerVersion } from "../version/listener-version.ts";

/** One endpoint of a listener, as `status` shows it. */
export interface EndpointStatus {
  readonly listener: string;
  /** As written in the config. */
  readonly endpoint: string;
  /** `down`: it failed so often in a row that it gets no sessions. */
  readonly state: "up" | "down";
  /** Open legs, and HTTP requests under way. */
  readonly sessions: number;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** Until when it is down, in epoch milliseconds; undefined if that is not known. */
  readonly until: number | undefined;
  /** Why it is down: sessions failed, or its health check did. */
  readonly why?: "failures" | "check";
  /** Since when it is down, in epoch milliseconds. */
  readonly since?: number;
  /** The code of the last failure. */
  readonly code?: AnyErrorCode;
  /** What the health check found. */
  readonly detail?: string | undefined;
}

/** Makes the book of a proxy's endpoints, which announces when an endpoint goes down or comes up. */
export function createEndpointBook(
  hub: EventHub,
  { metrics, upstreams }: { readonly metrics: Metrics; readonly upstreams: UpstreamBook },
  warn: (listener: string, message: string) => void,
): HealthBook {
  const failures = metrics.counter("sluice_upstream_failures_total");
  const ejections = metrics.counter("sluice_upstream_ejections_total");
  return new HealthBook({
    failed: () => failures.inc(),
    attempted: (listener, endpoint, milliseconds, ok) => {
      upstreams.of(listener).attempted(endpoint, milliseconds / 1000, ok);
    },
    down: (listener, endpoint, state) => {
      ejections.inc();
      upstreams.of(listener).ejected(endpoint);
      hub.lifecycle.next({ type: "endpoint-down", listener, endpoint, ...state });
    },
    up: (listener, endpoint, { why, since }) => {
      hub.lifecycle.next({ type: "endpoint-up", listener, endpoint, why, since });
    },
    misjudged: (listener, { message }) => {
      warn(listener, message);
    },
    backedUp: (listener, down, backups) => {
      const message = `the endpoints ${down.join(", ")} are down, so the backups ${backups.join(", ")} are used`;
      hub.lifecycle.next({ type: "warning", listener, message });
    },
    panic: (listener, endpoints) => {
      const message = `all endpoints of upstream ${endpoints.join(", ")} are down, so all of them are used`;
      hub.lifecycle.next({ type: "warning", listener, message });
    },
  });
}

/** The state of the endpoints of all listeners, including those that their plugins use. */
export function endpointStatus(book: HealthBook, listeners: Iterable<readonly [string, ListenerVersion]>): readonly EndpointStatus[] {
  return Array.from(listeners).flatMap(([listener, version]) =>
    version.endpoints.map((endpoint): EndpointStatus => {
      const { active, failures, outage } = book.of(listener, endpoint);
      const counts = { listener, endpoint, sessions: active, failures, until: outage?.until };
      return outage === undefined ? { ...counts, state: "up" } : { ...counts, ...outage, state: "down" };
    }),
  );
}

/** The endpoints that have health checks. */
export function checksOf(versions: ReadonlyMap<string, ListenerVersion>): readonly CheckedEndpoint[] {
  return Array.from(versions.values()).flatMap(({ checks }) => checks);
}

type Versions = ReadonlyMap<string, ListenerVersion>;

/** After a reload: forgets endpoints that it removed, so that nothing is reported about them any more, and starts the health checks that it added. */
export function followEndpoints(
  { health: book, checks, upstreams }: { readonly health: HealthBook; readonly checks: HealthChecks; readonly upstreams: UpstreamBook },
  before: Versions | undefined,
  now: Versions,
): void {
  for (const [listener, version] of before ?? []) {
    const { configured = [], endpoints = [] } = now.get(listener) ?? {};
    const kept = new Set([...configured, ...endpoints]);
    for (const endpoint of version.endpoints) {
      if (kept.has(endpoint)) continue;
      book.forget(listener, endpoint);
      upstreams.forget(listener, endpoint);
    }
  }
  for (const [listener, { configured }] of now) upstreams.of(listener).know(configured);
  checks.follow(checksOf(now));
}
