import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { SluiceError } from "../../../../../core/contract/index.ts";
import { SharedSaves } from "../../../../../core/workers/first/shared/shared-saves.ts";
import type { ToldWorker } from "../../../../../core/workers/first/shared/told-worker.ts";
import { createCleanup } from "../../../../support/cleanup.ts";
import { refusalOf } from "../../../../support/rejection.ts";

/** A worker that says this when it is to write a part. */
function workerThat(save: () => Promise<void>): ToldWorker {
  const order = (_within: number, name: string): Promise<unknown> => (name === "save" ? save() : Promise.resolve(undefined));
  return { servesSince: 1, channel: { order, call: () => Promise.resolve(undefined), tell: () => undefined } } as unknown as ToldWorker;
}

describe("SharedSaves", () => {
  const cleanup = createCleanup();
  const order = { kind: "capture", listener: "web", options: {}, size: 1_000 } as const;
  const fails = (code: "SLUICE_FILE_UNWRITABLE" | "SLUICE_WORKER_LOST") => (): Promise<never> =>
    Promise.reject(new SluiceError(code, "no room"));
  let file: string;

  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-saves-"));
    cleanup.add(() => rmSync(folder, { recursive: true }));
    file = join(folder, "web.pcapng");
  });
  afterEach(() => cleanup.run());

  it("ends a file if a worker that replaces another one cannot write its part", async () => {
    const saves = new SharedSaves(() => [workerThat(() => Promise.resolve())]);
    const writing = await saves.write(file, order);
    cleanup.add(() => void writing.end());
    const lost = saves.greet(workerThat(fails("SLUICE_WORKER_LOST")));
    expect((await refusalOf(lost)).code, "it does not serve").to.equal("SLUICE_WORKER_LOST");
    expect(writing.progress?.over, "its successor is greeted").to.equal(undefined);
    await saves.greet(workerThat(fails("SLUICE_FILE_UNWRITABLE")));
    const over = writing.progress?.over as SluiceError;
    expect(over).to.be.instanceOf(SluiceError);
    expect(over.message).to.contain("no room");
    const ended = await writing.end();
    expect(ended?.over).to.equal(over);
  });

  it("lets a worker that replaces another one serve only when it writes", async () => {
    const saves = new SharedSaves(() => []);
    const writing = await saves.write(file, order);
    cleanup.add(() => void writing.end());
    const steps: string[] = [];
    const worker = workerThat(async () => {
      await setImmediate();
      steps.push("writes");
    });
    await saves.greet(worker);
    steps.push("serves");
    expect(steps).to.deep.equal(["writes", "serves"]);
  });
});
