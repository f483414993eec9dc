import { expect } from "chai";
import { spawn } from "node:child_process";
import { Watchdog } from "../../../../../core/workers/first/processes/watchdog.ts";
import { isStopped } from "../../../../../core/workers/first/processes/is-stopped.ts";
import { createCleanup } from "../../../../support/cleanup.ts";
import { eventually } from "../../../../support/eventually.ts";

describe("the watchdog of a worker", () => {
  const cleanup = createCleanup();
  let asked: number;
  let silent: [seconds: number, excuse: string | undefined][];

  beforeEach(() => {
    asked = 0;
    silent = [];
  });
  afterEach(() => cleanup.run());

  function watching(pid = 0): Watchdog {
    return new Watchdog({ pid, ask: () => (asked += 1), silent: (...said) => void silent.push(said) });
  }

  /** As many looks as there are in so many seconds. */
  function wait(watchdog: Watchdog, seconds: number): void {
    for (let look = 0; look < seconds; look += 1) watchdog.look();
  }

  it("asks again when it has got an answer", () => {
    const watchdog = watching();
    for (let second = 0; second < 100; second += 1) {
      watchdog.look();
      expect(watchdog.isHanging).to.equal(false);
      watchdog.answered(false);
    }
    expect(asked).to.equal(100);
    wait(watchdog, 20);
    expect(asked).to.equal(101);
    expect(watchdog.isHanging).to.equal(true);
    expect(silent).to.deep.equal([]);
  });

  it("tells of a worker that has not answered for 30 s", () => {
    const watchdog = watching();
    wait(watchdog, 30);
    expect(silent).to.deep.equal([]);
    watchdog.answered(false);
    wait(watchdog, 30);
    expect(silent).to.deep.equal([]);
    watchdog.look();
    expect(silent).to.deep.equal([[30, undefined]]);
  });

  it("lets a plugin's setup take as long as the config allows", async () => {
    const watchdog = watching();
    await watchdog.during(
      60_000,
      Promise.resolve().then(() => wait(watchdog, 60)),
    );
    expect(silent).to.deep.equal([]);
    watchdog.look();
    expect(silent).to.deep.equal([[60, undefined]]);
  });

  it("spares a worker that a debugger may have stopped, and says it once", () => {
    const watchdog = watching();
    watchdog.look();
    watchdog.answered(true);
    wait(watchdog, 1_000);
    expect(silent).to.deep.equal([[30, "a debugger may have stopped it: its inspector is open"]]);
  });

  it("does not count the time in which its process is stopped", async function () {
    if (process.platform !== "linux") this.skip();
    const child = spawn("sleep", ["600"]);
    cleanup.add(() => void child.kill("SIGKILL"));
    const { pid = 0 } = child;
    child.kill("SIGSTOP");
    await eventually(() => expect(isStopped(pid)).to.equal(true));
    const watchdog = watching(pid);
    wait(watchdog, 500);
    expect(silent).to.deep.equal([[30, "its process is stopped, by a signal or a debugger"]]);
    child.kill("SIGCONT");
    await eventually(() => expect(isStopped(pid)).to.equal(false));
    wait(watchdog, 29);
    expect(silent).to.have.length(1);
    wait(watchdog, 1);
    expect(silent[1]?.[1]).to.equal(undefined);
  });

  it("gives a worker 5 s after its drain, whatever its excuse", () => {
    const watchdog = watching();
    watchdog.look();
    watchdog.answered(true);
    watchdog.drained();
    wait(watchdog, 5);
    expect(silent).to.deep.equal([]);
    watchdog.look();
    expect(silent).to.deep.equal([[5, undefined]]);
  });
});
