import { expect } from "chai";
import type { Socket } from "node:net";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { scrape, valueOf } from "../support/scrape.ts";
import { readAll } from "../support/sockets.ts";
import { pidOf, Workers } from "../support/workers.ts";

/** A client can keep its worker in an endless loop. */
const config = `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const hang = definePlugin("hang", () => ({
  fromUpstream: (data) => data.pipe(each((chunk) => {
    while (String(chunk) === "hang");
    return Buffer.concat([Buffer.from(\`\${process.pid} \`), chunk]);
  })),
}));
export default defineConfig({
  workers: 2,
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

  before(async () => {
    workers = await Workers.start(cleanup, config);
    const sockets: [number, Socket][] = [];
    for (let count = 0; count < 2; count += 1) {
      const socket = await workers.open("echo");
      sockets.push([await pidOf(socket), socket]);
    }
    // The first worker also does what one has to do for all; it is the one that dies below.
    const [first] = await workers.pids();
    const [pid, socket] = sockets.find(([each]) => each !== first) ?? [0];
    hanging = pid;
    other = first ?? 0;
    socket?.write("hang");
  });
  after(() => cleanup.run());

  it("is left out of what is said of all", async () => {
    expect(await workers.pids()).to.deep.equal([other]);
    expect(valueOf(await scrape(workers.api), "sluice_sessions_total")).to.equal(1);
  });

  it("gets no connections while another one takes them, but for those of its first second", async () => {
    const answer = async (): Promise<string> => {
      const socket = cleanup.keep(await workers.open("echo"));
      socket.end("x");
      return String(await bounded(readAll(socket), "an answer", 3_000));
    };
    await eventually(
      async () => {
        const answers = await Promise.all(Array.from({ length: 100 }, answer));
        expect(new Set(answers)).to.deep.equal(new Set([`${other} x`]));
      },
      { within: 30_000 },
    );
  });

  it("is killed when it does not take over what another one did that died, and both are replaced", async () => {
    process.kill(other, "SIGKILL");
    await workers.cli.error(/"msg":"a worker serves in place of one that died"[^]*"msg":"a worker serves in place of one that died"/);
    const pids = await workers.pids();
    expect(pids).to.have.length(2).and.not.to.include.members([hanging, other]);
    const socket = await workers.open("echo");
    socket.end("x");
    expect(String(await readAll(socket))).to.match(/^\d+ x$/);
  });
});
