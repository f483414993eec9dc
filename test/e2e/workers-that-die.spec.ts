import { expect } from "chai";
import { once } from "node:events";
import { createSocket } from "node:dgram";
import type { Socket } from "node:net";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { root } from "../support/repository.ts";
import { readAll, readBytes } from "../support/sockets.ts";
import { pidOf, Workers } from "../support/workers.ts";

/** Answers with its process. "fault" is an error whose stack has nothing but the core. */
const config = (setup: string): string => `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const fault = Object.assign(new Error("a fault"), { stack: ${JSON.stringify(`Error: a fault\n    at run (${root}dist/core/net/none.js:1:1)`)} });
const mark = definePlugin("mark", () => ({
  setup() { ${setup} },
  fromUpstream: (data) => data.pipe(each((chunk) => {
    if (String(chunk) === "fault") setImmediate(() => { throw fault; });
    return Buffer.concat([Buffer.from(\`\${process.pid} \`), chunk]);
  })),
}));
export default defineConfig({
  workers: 2,
  listeners: {
    echo: { listen: "tcp://127.0.0.1:0", plugins: [mark(), echo()] },
    udp: { listen: "udp://127.0.0.1:0", plugins: [mark(), echo()] },
  },
});
`;

describe("workers that die", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  let workers: Workers;

  beforeEach(async () => {
    workers = await Workers.start(cleanup, config(""));
  });
  afterEach(() => cleanup.run());

  async function answer(): Promise<string> {
    const socket = cleanup.keep(await workers.open("echo"));
    socket.end("x");
    return String(await bounded(readAll(socket), "an answer", 3_000));
  }

  async function answerOfDatagram(): Promise<string> {
    const socket = cleanup.keep(createSocket("udp4"));
    socket.send("x", workers.port("udp"), "127.0.0.1");
    const [text] = (await bounded(once(socket, "message"), "an answer", 1_000)) as [Buffer];
    return String(text);
  }

  it("all at once do not let a save pass that none of them has tried, nor move a port", async () => {
    for (const pid of await workers.pids()) process.kill(pid, "SIGKILL");
    workers.folder.write("proxy.config.ts", config(`throw new Error("bad")`));
    await workers.cli.line(/^refused: .*setup\(\) failed: bad/);
    expect(await eventually(answerOfDatagram)).to.match(/^\d+ x$/);
    expect(await answer()).to.match(/^\d+ x$/);
    for (const pid of await workers.pids()) process.kill(pid, "SIGKILL");
    await workers.save(config("void 1;"));
    expect(await eventually(answerOfDatagram)).to.match(/^\d+ x$/);
  });

  it("of a fault in the core are replaced at once: their sessions go on, and no new client and no save meets them", async () => {
    const [faulty = 0, other = 0] = await workers.pids();
    let session: Socket;
    do session = await workers.open("echo");
    while ((await pidOf(session)) !== faulty);
    expect(await answerOfDatagram()).to.equal(`${faulty} x`);
    session.write("fault");
    await workers.cli.error('"msg":"a worker died, and is replaced"');
    expect(new Set(await Promise.all(Array.from({ length: 10 }, answer)))).to.not.include(`${faulty} x`);
    expect(await eventually(answerOfDatagram)).to.equal(`${other} x`);
    await workers.cli.error('"msg":"a worker serves in place of one that died"');
    await workers.save(config("void 2;"));
    expect(await workers.pids())
      .to.have.length(2)
      .and.to.include(other)
      .and.to.not.include(faulty);
    session.write("y");
    const both = `${faulty} fault${faulty} y`;
    expect(String(await readBytes(session, both.length))).to.equal(both);
  });
});
