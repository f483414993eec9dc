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

  /** One that runs no program that exists; the first of them throws, as Node does without memory. */
  function fork(place: number): WorkerProcess {
    asked += 1;
    if (asked === 1) throw new Error("spawn ENOMEM");
    return new WorkerProcess(place, { ...listening, gone: (worker: WorkerProcess) => void left.push(worker) } as never);
  }

  before(() => {
    cluster.setupPrimary({ exec: "nothing.js" });
    process.execPath = "/nowhere/node";
  });
  after(() => (process.execPath = node));

  it("counts as dead, and is tried again", async () => {
    const employer = { isClosing: false, options: { logger }, workers: { fork }, join: () => Promise.resolve() };
    const replacements = new Replacements(employer);
    replacements.after({ place: 0, pid: 7, servesSince: 0, how: "SIGKILL" });
    await eventually(() => expect(left).to.have.length(1));
    expect(left[0]?.isGone).to.equal(true);
    expect(left[0]?.how).to.contain("ENOENT");
    expect(lines.join("")).to.contain("spawn ENOMEM").and.to.contain("a worker that was to replace another cannot serve");
  });
});
