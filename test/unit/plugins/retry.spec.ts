import { expect } from "chai";
import { defer, of, throwError } from "rxjs";
import { SluiceError, type ErrorCode, type Upstream } from "sluice";
import { retry } from "sluice/plugins";
import { Retry, type RetryOptions } from "../../../plugins/retry.ts";
import { createLog, createSession, ManualClock, parseOptions, refusedPaths } from "./support/fakes.ts";

const opened = { endpoint: "10.0.0.1:9000" } as Upstream;

interface Outcome {
  readonly tries: number[];
  result: Upstream | undefined;
  code: string | undefined;
}

/** Runs attempts that fail so many times; the times of the tries are relative to the first. */
function run(input: object, failures: number, code: ErrorCode = "SLUICE_UPSTREAM_REFUSED"): Outcome {
  const clock = new ManualClock();
  const start = clock.now();
  const plugin = new Retry(parseOptions<RetryOptions>(retry, input), clock, createLog().logger);
  const outcome: Outcome = { tries: [], result: undefined, code: undefined };
  const attempt = defer(() => {
    outcome.tries.push(clock.now() - start);
    return outcome.tries.length <= failures ? throwError(() => new SluiceError(code, "no")) : of(opened);
  });
  plugin.connect(attempt, createSession().session).subscribe({
    next: (upstream) => {
      outcome.result = upstream;
    },
    error: (error: unknown) => {
      outcome.code = SluiceError.is(error) ? error.code : String(error);
    },
  });
  clock.advance(600_000);
  expect(clock.timers).to.equal(0);
  return outcome;
}

describe("retry", () => {
  it("tries exactly `attempts` times in total, and then fails with the last error", () => {
    const { tries, code } = run({ attempts: 3 }, Infinity);
    expect(tries).to.have.length(3);
    expect(code).to.equal("SLUICE_UPSTREAM_REFUSED");
  });

  it("tries once with attempts: 1", () => {
    expect(run({ attempts: 1 }, Infinity).tries).to.deep.equal([0]);
  });

  it("waits delay · factor^n, never longer than maxDelay, without jitter", () => {
    const { tries, result } = run({ attempts: 6, delay: 100, factor: 3, maxDelay: "1s", jitter: "none" }, 5);
    expect(tries).to.deep.equal([0, 100, 400, 1_300, 2_300, 3_300]);
    expect(result).to.equal(opened);
  });

  it("waits a random part of that with full jitter", () => {
    const longest = [100, 200, 400];
    for (let round = 0; round < 50; round += 1) {
      const { tries } = run({ attempts: 4 }, Infinity);
      const gaps = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
      expect(gaps).to.have.length(3);
      for (const [index, gap] of gaps.entries()) expect(gap).to.be.within(0, longest[index] ?? 0);
    }
  });

  it("makes no try that would start after the budget", () => {
    const { tries, code } = run({ attempts: 10, delay: 400, factor: 1, jitter: "none", within: "1s" }, Infinity);
    expect(tries).to.deep.equal([0, 400, 800]);
    expect(code).to.equal("SLUICE_UPSTREAM_REFUSED");
  });

  it("leaves errors alone that are not worth another try", () => {
    expect(run({}, Infinity, "SLUICE_UPSTREAM_DNS_NOT_FOUND").tries).to.deep.equal([0]);
    expect(run({}, Infinity, "SLUICE_PLUGIN_FAILED").tries).to.deep.equal([0]);
  });

  it("tries again on the codes named, and on no other", () => {
    const on = ["SLUICE_UPSTREAM_TLS"];
    expect(run({ on }, Infinity, "SLUICE_UPSTREAM_TLS").tries).to.have.length(3);
    expect(run({ on }, Infinity, "SLUICE_UPSTREAM_REFUSED").tries).to.have.length(1);
  });

  it("stops when the session is gone", () => {
    const clock = new ManualClock();
    const plugin = new Retry(parseOptions<RetryOptions>(retry, { jitter: "none" }), clock, createLog().logger);
    const failing = throwError(() => new SluiceError("SLUICE_UPSTREAM_RESET", "no"));
    const subscription = plugin.connect(failing, createSession().session).subscribe({ error: () => undefined });
    expect(clock.timers).to.equal(1);
    subscription.unsubscribe();
    expect(clock.timers).to.equal(0);
  });

  const wrong: Record<string, unknown> = {
    attempts: 0,
    delay: "soon",
    factor: 0.5,
    maxDelay: -1,
    jitter: "some",
    within: "x",
    on: ["refused"],
    tries: 3,
  };
  for (const [option, value] of Object.entries(wrong)) {
    it(`refuses ${option}: ${JSON.stringify(value)}`, () => {
      expect(refusedPaths(retry, { [option]: value })[0]).to.match(new RegExp(`^${option}`));
    });
  }

  it("says of a wrong code which ones there are, and that a plugin's own are possible", () => {
    expect(() => parseOptions<RetryOptions>(retry, { on: ["ECONNREFUSED"] })).to.throw(
      /expected one of .*SLUICE_UPSTREAM_REFUSED.*, or the code of an error that a plugin defines/,
    );
  });
});
