import { of, throwError, type Observable } from "rxjs";
import { SluiceError, type Upstream } from "../../contract/index.ts";
import { BenchRun } from "../bench/bench-run.ts";
import { KeptLeg } from "../bench/played-leg.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { settled } from "../bench/settled.ts";
import { hasDatagrams } from "../values/transport-form.ts";
import { demand, type Check, type Subject } from "./check.ts";

/** Milliseconds of real time for a hook that settles; time on CLOCK passes at once. */
const PATIENCE_MS = 500;

/** Checks that a connect hook emits a leg or fails, both when the upstream accepts and when it refuses. */
export function connectCheck({ withBench }: Subject): Check[] {
  return [{ name: "emits a leg or an error from its connect hook", run: () => withBench(connects) }];
}

async function connects(bench: PluginBench): Promise<void> {
  const refused = new SluiceError("SLUICE_UPSTREAM_REFUSED", "192.0.2.9:80 refused");
  const datagrams = hasDatagrams(bench.transport);
  demand(
    bench,
    await wrongWithout(bench, of({ endpoint: "192.0.2.9:80", leg: new KeptLeg(datagrams, false) }), "when the upstream accepts"),
  );
  const attempt = throwError(() => refused);
  demand(bench, await wrongWithout(bench, attempt, "when the upstream refuses: pass its error on, or emit another leg"));
}

/** What is wrong with a hook that completes without a leg. */
async function wrongWithout(bench: PluginBench, attempt: Observable<Upstream>, when: string): Promise<string | undefined> {
  const run = await BenchRun.start(bench);
  try {
    const { connect } = run.instance.pipeline;
    const session = await run.open();
    if (connect === undefined || session.error !== undefined) return undefined;
    let result: "leg" | "error" | "nothing" | undefined;
    const subscription = connect(attempt, session.session).subscribe({
      next: () => void (result ??= "leg"),
      error: () => void (result ??= "error"),
      complete: () => void (result ??= "nothing"),
    });
    await settled(() => result !== undefined, bench.clock, PATIENCE_MS);
    subscription.unsubscribe();
    return result === "nothing" ? `its connect hook completes without a leg ${when}` : undefined;
  } finally {
    await run.close();
  }
}
