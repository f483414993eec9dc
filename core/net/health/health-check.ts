import type { SchedulerLike, Subscription } from "rxjs";
import type { Endpoint, HealthTarget, SluiceError } from "../../contract/index.ts";
import type { EndpointState } from "../balance/endpoints/endpoint-state.ts";
import type { Dialer } from "../dial/dialer.ts";
import { checkOf } from "./answer.ts";
import { Probe } from "./probe.ts";

/** How much earlier or later a check may come, at random, as a part of the interval, so that not all checks come at once. */
const JITTER = 0.1;
/** The first check comes within this part of the interval, and within LATEST_FIRST milliseconds. */
const FIRST = 0.1;
const LATEST_FIRST = 1_000;

/** An endpoint that is to be checked. */
export interface CheckedEndpoint {
  readonly listener: string;
  readonly endpoint: Endpoint;
  readonly health: HealthTarget;
  readonly dialer: Pick<Dialer, "probe">;
  readonly clock: SchedulerLike;
}

/** Checks one endpoint again and again, one check at a time, and writes the results into its state. */
export class HealthCheck {
  #next: Subscription | undefined;
  #probe: Probe | undefined;

  constructor(
    public checked: CheckedEndpoint,
    private readonly state: EndpointState,
  ) {
    this.#after(Math.min(LATEST_FIRST, FIRST * checked.health.interval) * Math.random());
  }

  stop(): void {
    this.#next?.unsubscribe();
    this.#probe?.stop();
  }

  #after(delay: number): void {
    this.#next = this.checked.clock.schedule(() => this.#ask(), delay);
  }

  #ask(): void {
    const { endpoint, health, dialer } = this.checked;
    const { interval, timeout } = health;
    // A path is not a host: servers refuse it (RFC 9110 section 7.2).
    const { tls, answer } = checkOf(health.check, endpoint.path === undefined ? endpoint.text : "localhost");
    const attempt = dialer.probe(endpoint, timeout, tls);
    this.#probe = new Probe({ endpoint: endpoint.text, health, attempt, answer }, (failure) => {
      this.#judge(failure);
      this.#after(interval * (1 + JITTER * (2 * Math.random() - 1)));
    });
  }

  #judge(failure: SluiceError | undefined): void {
    const { state } = this;
    const { health, clock } = this.checked;
    if (failure === undefined) state.passed(health.rise, clock.now());
    else if (failure.source === "upstream") state.missed(failure, health.fall, clock.now());
    // A failure of the proxy itself, such as no free descriptor, says nothing about the endpoint.
  }
}
