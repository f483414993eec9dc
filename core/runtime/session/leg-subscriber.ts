import { Subscriber } from "rxjs";
import { SluiceError, type Upstream } from "../../contract/index.ts";
import { letGo } from "../../flow/pump/let-go.ts";

/** Is told how the opening of a session's upstream leg ended. */
export interface LegTaker {
  legOpened(upstream: Upstream): void;
  legFailed(error: unknown): void;
  /** No other leg comes. */
  legsCompleted(): void;
}

/** Takes the first leg that is emitted. */
export class LegSubscriber extends Subscriber<Upstream> {
  taken: Upstream | undefined;

  constructor(
    private readonly listener: string,
    private readonly opening: LegTaker,
  ) {
    // oxlint-disable-next-line typescript/no-deprecated -- a plain observer would be an object literal per session
    super();
  }

  override _next(upstream: Upstream): void {
    // A session has one upstream leg, so a second one is closed.
    if (this.taken !== undefined) {
      if (upstream.leg !== this.taken.leg) upstream.leg.destroy();
      return;
    }
    this.taken = upstream;
    this.opening.legOpened(upstream);
  }

  override _error(error: unknown): void {
    if (this.taken === undefined) this.opening.legFailed(error);
    letGo(this);
  }

  override _complete(): void {
    if (this.taken === undefined)
      this.opening.legFailed(
        new SluiceError("SLUICE_UPSTREAM_MISSING", `a connect hook of listener "${this.listener}" completed without a leg`),
      );
    letGo(this);
    if (this.taken !== undefined) this.opening.legsCompleted();
  }
}
