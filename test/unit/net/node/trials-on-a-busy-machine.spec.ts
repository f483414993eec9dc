import { expect } from "chai";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const moduleOf = (name: string): string => new URL(`../../../../core/net/${name}.js`, import.meta.url).href;

// The event loop stands still after each step of the trials, as on a machine that is busy with other programs: timers are due before what has arrived is read.
const script = `
  const { tryStreams } = await import("${moduleOf("accept/streams/stream-trials")}");
  const { tryDirectSend } = await import("${moduleOf("node/direct-send")}");
  const { missingForResets } = await import("${moduleOf("node/reset-means")}");
  const { readsInto } = await import("${moduleOf("node/late-onread")}");
  const stand = () => { for (const until = Date.now() + 1_100; Date.now() < until; ); };
  const trials = Promise.all([tryStreams(), tryDirectSend()]);
  setImmediate(stand);
  const [fast] = await trials;
  console.log(JSON.stringify({ fast, readsInto: readsInto(), missing: missingForResets() }));
`;

describe("the trials of what Node does not document", () => {
  it("work on a machine that is busy while the process starts", async () => {
    const environment = { ...process.env, SLUICE_FAST_ACCEPT: "" };
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { env: environment });
    expect(JSON.parse(stdout)).to.deep.equal({ fast: true, readsInto: true, missing: [] });
  }).timeout(60_000);
});
