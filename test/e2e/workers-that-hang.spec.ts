import { expect } from "chai";
import type { Socket } from "node:net";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { scrape, valueOf } from "../support/scrape.ts";
import { readAll } from "../support/sockets.ts";
import { pidOf, Workers } from "../support/workers.ts";

/** A client can keep its worker busy for ever: in an endless loop, or in a call that blocks. */
const config = `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const hang = definePlugin("hang", () => ({
  fromUpstream: (data) => data.pipe(each((chunk) => {
    while (String(chunk) === "hang");
    if (String(chunk) === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    return Buffer.concat([Buffer.from(\`\${process.pid} \`), chunk]);
  })),
}));
export default defineConfig({
  workers: 2,
  timeouts: { drain: "500ms" },
  admin: { listen: "tcp://127.0.0.1:0" },
  listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [hang(), echo()] } },
});
`;

describe("a worker that a plugin keeps busy for ever", function () {
  this.timeout(180_000);
  const cleanup = createCleanup();
  let workers: Workers;
  let hanging: number;
  let other: number;

  /** A session with each worker, by its process. */
  async function sessions(): Promise<ReadonlyMap<number, Socket>> {
    const all = new Map<number, Socket>();
    while (all.size < 2) {
      const socket = await workers.open("echo");
      all.set(await pidOf(socket), socket);
    }
    return all;
  }

  /** Keeps the worker busy that does not do what one has to do for all. */
  async function keepBusy(how: "hang" | "block"): Promise<void> {
    const [first = 0, second = 0] = await workers.pids();
    other = first;
    hanging = second;
    (await sessions()).get(hanging)?.write(how);
  }

  async function answer(): Promise<string> {
    const socket = cleanup.keep(await workers.open("echo"));
    socket.end("x");
    return String(await bounded(readAll(socket), "an answer", 3_000));
  }

  beforeEach(async () => {
    workers = await Workers.start(cleanup, config);
  });
  afterEach(() => cleanup.run());

  it("gets no connections, is left out of what is said of all, and is killed after 30 s and replaced; a save waits for that", async () => {
    await keepBusy("block");
    await eventually(
      async () => {
        const answers = await Promise.all(Array.from({ length: 20 }, answer));
        expect(new Set(answers)).to.deep.equal(new Set([`${other} x`]));
      },
      { within: 30_000 },
    );
    expect(await workers.pids()).to.deep.equal([other]);
    expect(valueOf(await scrape(workers.api), "sluice_sessions_total")).to.be.greaterThan(20);
    const saved = workers.save(config.replace("500ms", "501ms"));
    await workers.cli.error("it did not answer for 30 s, and was killed");
    await saved;
    await workers.cli.error('"msg":"a worker serves in place of one that died"');
    const pids = await workers.pids();
    expect(pids).to.have.length(2).and.to.include(other).and.to.not.include(hanging);
  });

  it("is killed when it does not take over what another one did that died, and both are replaced", async () => {
    await keepBusy("block");
    process.kill(other, "SIGKILL");
    await workers.cli.error(/"msg":"a worker serves in place of one that died"[^]*"msg":"a worker serves in place of one that died"/);
    const pids = await workers.pids();
    expect(pids).to.have.length(2).and.not.to.include.members([hanging, other]);
    expect(await answer()).to.match(/^\d+ x$/);
  });

  it("does not keep the proxy from ending: it is killed soon after the drain", async () => {
    await keepBusy("block");
    workers.cli.kill("SIGTERM");
    expect(await workers.cli.ended()).to.deep.equal({ code: 0, signal: null });
    expect(isThere(hanging)).to.equal(false);
  });

  it("does not outlive a proxy that a second signal ends at once", async () => {
    await keepBusy("hang");
    workers.cli.kill("SIGTERM");
    workers.cli.kill("SIGINT");
    // Node may see them in any order.
    expect((await workers.cli.ended()).code).to.be.oneOf([130, 143]);
    await eventually(() => expect(isThere(hanging)).to.equal(false));
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
