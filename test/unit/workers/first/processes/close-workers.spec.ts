import { expect } from "chai";
import { closeWorkers } from "../../../../../core/workers/first/processes/close-workers.ts";
import type { WorkerProcess } from "../../../../../core/workers/first/processes/worker-process.ts";

/** A worker that notes what is done with it, and is gone once that one thing has been done. */
function worker(goneBy: "leave" | "kill", close: () => Promise<void>) {
  const done: string[] = [];
  const { promise: gone, resolve } = withResolvers();
  const act = (what: "leave" | "kill") => (): void => {
    done.push(what);
    if (what === goneBy) resolve();
  };
  const order = (_within: number, name: string, drainMs: number): Promise<void> => (done.push(`${name} ${drainMs}`), close());
  const process = { channel: { order }, leave: act("leave"), kill: act("kill"), gone, isGone: false };
  return { done, process: process as unknown as WorkerProcess };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

describe("closeWorkers", () => {
  it("lets each worker drain, and then exit by itself", async () => {
    const workers = [worker("leave", () => Promise.resolve()), worker("leave", () => Promise.resolve())];
    await closeWorkers(
      workers.map(({ process }) => process),
      1_000,
    );
    for (const { done } of workers) expect(done).to.deep.equal(["close 1000", "leave"]);
  });

  it("kills a worker that cannot close", async () => {
    const { done, process } = worker("kill", () => Promise.reject(new Error("its channel has ended")));
    await closeWorkers([process], 1_000);
    expect(done).to.deep.equal(["close 1000", "kill"]);
  });
});
