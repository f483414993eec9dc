import { expect } from "chai";
import { createSocket } from "node:dgram";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCliAfter } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, exchangeOnce } from "../support/exchange.ts";
import { hasProcessTable } from "../support/process-table.ts";
import { connect } from "../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const limit = 256;
const clients = 400;

const config = (limits: string): string => `
import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
export default defineConfig({ ${limits} listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
`;

/** Connects and says a word: `served` when it comes back, else how the connection ended. */
async function greet(port: number, open: Socket[]): Promise<string> {
  const socket = await connect(port);
  open.push(socket);
  return exchange(socket, "hello").then(
    () => "served",
    (error: unknown) => String(error),
  );
}

describe("A proxy with few file descriptors [trust]", function () {
  this.timeout(120_000);

  for (const [what, limits] of [
    ["without a limit of its own", ""],
    ["that asks for more sessions", "limits: { sessions: 4096 },"],
  ] as const) {
    it(`lowers the limit of sessions below half of them with a warning, for a config ${what}, and survives a flood`, async function () {
      if (!hasProcessTable) this.skip();
      const folder = createCliFolder(cleanup);
      folder.write("proxy.config.ts", config(limits));
      const cli = startCliAfter(`ulimit -n ${limit}`, cleanup, folder);
      const { echo = 0 } = await cli.ready();
      await cli.error(/limits\.sessions: lowered .*limit of open files is 256/);
      const open: Socket[] = [];
      cleanup.add(() => open.forEach((socket) => socket.destroy()));
      const served = await Promise.all(Array.from({ length: clients }, () => greet(echo, open)));
      const count = served.filter((outcome) => outcome === "served").length;
      expect(count).to.be.within(1, limit / 2 - 1);
      expect(served.filter((outcome) => outcome !== "served" && !/the connection ended before|ECONNRESET/.test(outcome))).to.deep.equal([]);
      // The first came first, and are served still.
      const first = open[0];
      if (first === undefined) throw new Error("nobody connected");
      expect(await exchange(first, "still here")).to.equal("still here");
      for (const socket of open) socket.destroy();
      await eventually(async () => expect(await exchangeOnce(echo, "again")).to.equal("again"));
      cli.kill("SIGTERM");
      expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    });
  }

  it("also limits UDP flows, which therefore cannot use all of them", async function () {
    if (!hasProcessTable) this.skip();
    const folder = createCliFolder(cleanup);
    folder.write(
      "proxy.config.ts",
      `import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
export default defineConfig({ listeners: {
  echo: { listen: "tcp://127.0.0.1:0", plugins: [echo()] },
  flows: { listen: "udp://127.0.0.1:0", upstream: "127.0.0.1:9" },
} });
`,
    );
    const cli = startCliAfter(`ulimit -n ${limit}`, cleanup, folder);
    const { echo: port = 0, flows = 0 } = await cli.ready();
    const clientsOf = Array.from({ length: 300 }, () => createSocket("udp4"));
    cleanup.add(() => clientsOf.forEach((socket) => void socket.close()));
    await Promise.all(clientsOf.map((socket) => new Promise((resolve) => socket.send("x", flows, "127.0.0.1", resolve))));
    const open: Socket[] = [];
    cleanup.add(() => open.forEach((socket) => void socket.destroy()));
    const served = await Promise.all(Array.from({ length: 60 }, () => greet(port, open)));
    expect(served.filter((outcome) => outcome !== "served")).to.deep.equal([]);
  });

  it("does not stop if its plugins use more of them than expected", async function () {
    if (!hasProcessTable) this.skip();
    const folder = createCliFolder(cleanup);
    // Each session opens five files and keeps them: that exhausts the descriptors long before the limit of sessions.
    folder.write(
      "proxy.config.ts",
      `import { defineConfig, definePlugin } from "sluice";
import { echo } from "sluice/plugins";
import { openSync } from "node:fs";
const greedy = definePlugin("greedy", () => ({ admit: (arrival, session) => { for (let i = 0; i < 5; i++) try { openSync("/dev/null", "r"); } catch {} return arrival; } }));
export default defineConfig({ listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [greedy(), echo()] } } });
`,
    );
    const cli = startCliAfter(`ulimit -n ${limit}`, cleanup, folder);
    const { echo: port = 0 } = await cli.ready();
    const kept = cleanup.keep(await connect(port));
    expect(await exchange(kept, "before")).to.equal("before");
    const open: Socket[] = [];
    await Promise.all(Array.from({ length: clients }, () => greet(port, open).catch(() => "refused")));
    expect(await exchange(kept, "while they are out")).to.equal("while they are out");
    for (const socket of open) socket.destroy();
    // The plugin keeps its files, but the descriptors of the sessions are free again.
    await eventually(async () => expect(await exchangeOnce(port, "again")).to.equal("again"));
  });
});
