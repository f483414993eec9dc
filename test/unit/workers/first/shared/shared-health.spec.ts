import { expect } from "chai";
import type { EndpointStanding } from "../../../../../core/net/balance/endpoints/health-peers.ts";
import { SharedHealth } from "../../../../../core/workers/first/shared/shared-health.ts";
import type { WorkerProcess } from "../../../../../core/workers/first/processes/worker-process.ts";

/** A worker that remembers what it was told. */
function worker(): { readonly process: WorkerProcess; readonly told: string[] } {
  const told: string[] = [];
  const tell = (_name: string, { endpoint, outage, version, own }: EndpointStanding & { version: number; own: boolean }): void =>
    void told.push(`${endpoint} ${outage === undefined ? "up" : "out"} ${version}${own ? " own" : ""}`);
  return { process: { channel: { tell } } as unknown as WorkerProcess, told };
}

const out = (endpoint: string, what: EndpointStanding["what"] = "ejected", forMs = 30_000): EndpointStanding => ({
  listener: "web",
  endpoint,
  what,
  outage: { why: "failures", code: "SLUICE_UPSTREAM_REFUSED", since: Date.now(), until: Date.now() + forMs },
});

describe("the health of endpoints in all workers", () => {
  it("has one order for all: who did not know of the other is not heard", () => {
    const [one, two] = [worker(), worker()];
    const health = new SharedHealth(() => [one.process, two.process]);
    expect(health.eject(one.process, out("a"), 0)).to.equal(1);
    expect(health.eject(two.process, out("b"), 0)).to.equal(1);
    expect(health.eject(two.process, out("b"), 1)).to.equal(2);
    expect(one.told).to.deep.equal(["a out 1 own", "b out 2"]);
    expect(two.told).to.deep.equal(["a out 1", "b out 2 own"]);
  });

  it("tells the others what is so at one, and a new worker what is so still", () => {
    const [one, two, late] = [worker(), worker(), worker()];
    const health = new SharedHealth(() => [one.process, two.process]);
    health.eject(one.process, out("a"), 0);
    health.eject(one.process, out("over", "ejected", -1), 1);
    health.eject(one.process, out("b"), 2);
    health.tell(two.process, out("c", "unfit"));
    health.tell(two.process, { ...out("b"), outage: undefined });
    health.forget("web", "c");
    expect(one.told.slice(3)).to.deep.equal(["c out 3", "b up 3"]);
    health.greet(late.process);
    expect(late.told).to.deep.equal(["a out 3"]);
  });
});
