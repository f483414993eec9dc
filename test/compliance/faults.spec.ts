import { expect } from "chai";
import type { PluginUse, Transport } from "sluice";
import * as faults from "sluice/faults";
import { compliance } from "sluice/testing";
import { refusalOf } from "../support/rejection.ts";

interface Candidate {
  readonly use: () => PluginUse;
  /** @default "tcp" */
  readonly on?: readonly Transport[];
}

// With a seed where chance is at work: two runs of the same are to be the same.
const seed = 7;
const both: readonly Transport[] = ["tcp", "udp"];

const candidates: Readonly<Record<string, Candidate>> = {
  bandwidth: { use: () => faults.bandwidth({ rate: "10MiB" }), on: both },
  blackhole: { use: () => faults.blackhole(), on: ["udp"] },
  corrupt: { use: () => faults.corrupt({ rate: 0.2, seed }), on: both },
  duplicate: { use: () => faults.duplicate({ rate: 0.2, seed }), on: ["udp"] },
  latency: { use: () => faults.latency({ delay: "20ms", jitter: "5ms", seed }), on: both },
  limitData: { use: () => faults.limitData({ bytes: 20 }), on: both },
  loss: { use: () => faults.loss({ rate: 0.2, seed }), on: ["udp"] },
  refuse: { use: () => faults.refuse({ first: 1 }), on: both },
  reorder: { use: () => faults.reorder({ rate: 0.2, by: 2, seed }), on: ["udp"] },
  reset: { use: () => faults.reset({ bytes: 20 }), on: both },
  script: { use: () => faults.script([{ latency: { delay: "5ms" } }, "pass"]), on: both },
  slicer: { use: () => faults.slicer({ size: 1_000, variation: 500, delay: "1ms", seed }) },
  slowClose: { use: () => faults.slowClose({ delay: "20ms" }) },
  slowOpen: { use: () => faults.slowOpen({ delay: "20ms" }), on: both },
  timeout: { use: () => faults.timeout({ after: "20ms" }), on: both },
  truncate: { use: () => faults.truncate({ rate: 0.3, to: 2, seed }), on: ["udp"] },
};

describe("The faults", () => {
  it("all run the compliance suite", () => {
    const factories = Object.entries(faults).filter(([, value]) => "definition" in value);
    expect(Object.keys(candidates).toSorted()).to.deep.equal(factories.map(([name]) => name).toSorted());
  });

  it("include one that is intentionally not compliant on a stream: blackhole does not pass the end", async () => {
    const checks = compliance(() => faults.blackhole());
    const half = checks.find(({ name }) => name.startsWith("passes the end of one direction on"));
    const { code, message } = await refusalOf(half?.run() ?? Promise.resolve());
    expect(code).to.equal("SLUICE_TEST_FAILED");
    expect(message).to.include("the end of the stream (FIN) does not pass");
  });
});

for (const [name, { use, on = ["tcp"] }] of Object.entries(candidates))
  for (const transport of on)
    describe(`The fault ${name} on ${transport}`, () => {
      for (const check of compliance(use, { transport })) it(check.name, check.run);
    });

for (const use of faults.network("lossy", { seed }))
  describe(`The fault ${use.name ?? use.id} of network("lossy")`, () => {
    for (const check of compliance(() => use)) it(check.name, check.run);
  });
