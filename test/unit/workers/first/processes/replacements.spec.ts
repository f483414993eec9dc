import { expect } from "chai";
import cluster from "node:cluster";
import { createLogger } from "../../../../../core/runtime/log/logger.ts";
import { Replacements } from "../../../../../core/workers/first/processes/replacements.ts";
import { WorkerProcess } from "../../../../../core/workers/first/processes/worker-process.ts";
import { eventually } from "../../../../support/eventually.ts";

// Runs in a process of its own: it changes how Node makes worker processes.
describe("a worker whose process cannot be made", () => {
  const lines: string[] = [];
  const logger = createLogger({ to: { write: (line) => void lines.push(line) } });
  const listening = { shared: { book: {}, health: {}, watching: {}, gone: () => undefined } };
  const left: WorkerProcess[] = [];
  let asked = 0;
  const node = process.execPath;

  const employer = { isClosing: false, options: { logger }, workers: { fork }, join: () => Promise.resolve() };
  const replacements = new Replacements(employer);

  /** One that runs no program that exists; the first of them throws, as Node does without memory. */
  function fork(place: number): WorkerProcess {
    asked += 1;
    if (asked === 1) throw new Error("spawn ENOMEM");
    const gone = (worker: WorkerProcess): void => {
      left.push(worker);
      if (left.length === 1) replacements.after(worker);
    };
    return new WorkerProcess(place, { ...listening, gone } as never);
  }

  before(() => {
    cluster.setupPrimary({ exec: "nothing.js" });
    process.execPath = "/nowhere/node";
  });
  after(() => (process.execPath = node));

  it("counts as dead, and is tried again, with one line for each death", async () => {
    replacements.after({ place: 0, pid: 7, servesSince: 0, how: "SIGKILL" });
    await eventually(() => expect(left).to.have.length(2));
    expect(left[0]?.isGone).to.equal(true);
    const reasons = lines.map((line) => (JSON.parse(line) as { reason: string }).reason);
    expect(reasons).to.have.length(3);
    expect(reasons[0]).to.equal("SIGKILL");
    expect(reasons[1]).to.equal("spawn ENOMEM");
    expect(reasons[2]).to.contain("ENOENT");
  });
});
