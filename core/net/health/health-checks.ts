import { isDeepStrictEqual } from "node:util";
import type { HealthBook } from "../balance/endpoints/health-book.ts";
import { HealthCheck, type CheckedEndpoint } from "./health-check.ts";

/**
 * The health checks of a proxy. They belong to no generation: a reload starts the checks that it adds and stops those that it removes, and the others
 * go on.
 */
export class HealthChecks {
  #isStopped = false;
  #wanted: ReadonlyMap<string, CheckedEndpoint> = new Map();
  readonly #checks = new Map<string, HealthCheck>();

  constructor(private readonly book: HealthBook) {}

  /** Whether this process does the checks: of several processes only one does. */
  isHere = (): boolean => true;

  /** Checks these endpoints from now on. If one endpoint of one listener has several checks, the first counts. */
  follow(wanted: Iterable<CheckedEndpoint>): void {
    if (this.#isStopped) return;
    const byKey = new Map<string, CheckedEndpoint>();
    for (const checked of wanted) {
      const key = `${checked.listener} ${checked.endpoint.text}`;
      if (!byKey.has(key)) byKey.set(key, checked);
    }
    for (const [key, check] of this.#checks) if (!byKey.has(key)) this.#end(key, check);
    this.#wanted = byKey;
    this.begin();
  }

  /** Begins the checks, if this process does them. */
  begin(): void {
    if (this.isHere()) for (const [key, checked] of this.#wanted) this.#begin(key, checked);
  }

  /** Stops all checks for good. */
  stop(): void {
    this.#isStopped = true;
    for (const check of this.#checks.values()) check.stop();
    this.#checks.clear();
    this.#wanted = new Map();
  }

  #begin(key: string, checked: CheckedEndpoint): void {
    const running = this.#checks.get(key);
    if (running !== undefined && isDeepStrictEqual(running.checked.health, checked.health)) {
      // How to connect may have changed: names, certificates.
      running.checked = checked;
      return;
    }
    running?.stop();
    const state = this.book.of(checked.listener, checked.endpoint.text);
    this.#checks.set(key, new HealthCheck(checked, state));
  }

  #end(key: string, check: HealthCheck): void {
    check.stop();
    this.#checks.delete(key);
    const { listener, endpoint, clock } = check.checked;
    // Without a check nothing would report the endpoint as up again. An endpoint that is gone has no state, and needs none.
    this.book.listener(listener).states.peek(endpoint.text)?.unchecked(clock.now());
  }
}
