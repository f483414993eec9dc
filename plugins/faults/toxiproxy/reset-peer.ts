import { Observable, type Subscriber } from "rxjs";
import { duration } from "sluice";
import { hold, type Hold } from "sluice/flow";
import { z } from "zod";
import { defineFault } from "../definition/define-fault.ts";
import { commonOptions } from "../definition/every-fault.ts";
import type { FaultKind, FaultedDirection } from "../definition/fault-kind.ts";

const schema = z.object({
  ...commonOptions,
  /** The time from the first bytes, or from the end, until the reset. */
  timeout: duration(),
});

/** toxiproxy's reset_peer: nothing passes. The first bytes, or the end, start a timer, after which both sides see a reset. */
export const resetPeer = defineFault({
  id: "resetPeer",
  schema,
  on: "streams",
  make: ({ timeout }) => ({
    data: (data, way) => new Observable((subscriber) => new ResetPeer(subscriber, hold(), timeout, way).run(data)),
  }),
} satisfies FaultKind<typeof schema>);

class ResetPeer {
  readonly #memory: { since: number | undefined };
  #planned = false;

  constructor(
    private readonly to: Subscriber<Buffer>,
    private readonly grip: Hold,
    private readonly timeout: number,
    private readonly way: FaultedDirection,
  ) {
    this.#memory = way.memory((): { since: number | undefined } => ({ since: undefined }));
  }

  run(data: Observable<Buffer>): ReturnType<Observable<Buffer>["subscribe"]> {
    if (this.#memory.since !== undefined) this.#plan();
    return data.subscribe({
      next: () => {
        this.#plan();
      },
      error: (error: unknown) => {
        this.to.error(error);
      },
      complete: () => {
        if (this.grip.swapping) this.to.complete();
        else this.#plan();
      },
    });
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    const { clock } = this.way;
    this.#memory.since ??= clock.now();
    const end = (): void => {
      this.way.end(`reset_peer: ${this.timeout} ms have passed`, { how: "reset", flush: false });
    };
    this.to.add(clock.schedule(end, Math.max(0, this.#memory.since + this.timeout - clock.now())));
  }
}
