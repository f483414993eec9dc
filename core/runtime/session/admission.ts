import { Subscriber } from "rxjs";
import type { Session } from "../../contract/index.ts";
import { letGo } from "../../flow/pump/let-go.ts";

/** Is told what admit hooks decided. */
export interface AdmissionTaker {
  /** @param then the next step */
  admitted(then: () => void): void;
  notAdmitted(): void;
  fail(error: unknown): void;
}

/** Takes the first emission of admit hooks, which is their decision. A class in place of `take` and an observer: of those RxJS makes six objects for each session. */
export class AdmissionSubscriber extends Subscriber<Session> {
  #isAdmitted = false;

  constructor(
    private readonly opening: AdmissionTaker,
    private readonly then: () => void,
  ) {
    // oxlint-disable-next-line typescript/no-deprecated -- a plain observer would be an object literal per session
    super();
  }

  override _next(): void {
    if (this.#isAdmitted) return;
    this.#isAdmitted = true;
    this.opening.admitted(this.then);
    letGo(this);
  }

  /** Also of what failed in the next step: after the first emission nothing else comes. */
  override _error(error: unknown): void {
    this.opening.fail(error);
    letGo(this);
  }

  override _complete(): void {
    if (!this.#isAdmitted) this.opening.notAdmitted();
    letGo(this);
  }
}
