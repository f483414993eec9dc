import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup, type Cleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type Cli, type CliFolder } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { statusOf } from "../support/status-of.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { startUdpEcho } from "../support/with-echo-server.ts";

interface Parts {
  readonly letter?: string;
  readonly setup?: string;
  readonly workers?: number;
  readonly more?: string;
}

/** Each worker puts its process and a letter in front of what passes. */
const config = ({ letter = "a", setup = "", workers = 2, more = "" }: Parts = {}): string => `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo, logging } from "sluice/plugins";
import cluster from "node:cluster"; import { mkdirSync } from "node:fs";
const mark = definePlugin("mark", () => ({
  setup() { ${setup} },
  fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(\`\${process.pid} ${letter} \`), chunk]))),
}));
void [cluster, mkdirSync];
export default defineConfig({ workers: ${workers}, listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [logging(), mark(), echo()] }, ${more} } });
`;

describe("sluice start with two workers", function () {
  this.timeout(180_000);
  const cleanup = createCleanup();
  let folder: CliFolder;
  let cli: Cli;
  let ports: Record<string, number>;

  const start = async (until: Cleanup, parts?: Parts): Promise<void> => {
    folder = createCliFolder(until);
    folder.write("proxy.config.ts", config(parts));
    cli = startCli(until, folder, ["start"]);
    ports = await cli.ready();
  };
  const save = (parts: Parts): void => folder.write("proxy.config.ts", config(parts));
  const status = () => statusOf(folder);
  const workersOf = async (): Promise<number[]> => ((await status()).workers ?? []).map(({ pid }) => pid);

  /** What one word becomes: the worker's process and letter. */
  const say = async (socket: Socket, pid?: number): Promise<{ pid: number; letter: string }> => {
    socket.write("x");
    const text = String(await readBytes(socket, `${pid ?? ""} a x`.length + (pid === undefined ? String(process.pid).length : 0)));
    const [, found, letter = ""] = /^(\d+) (\w) x$/.exec(text) ?? [];
    return { pid: Number(found), letter };
  };
  const open = async (): Promise<Socket> => cleanup.keep(await connect(ports["echo"] ?? 0));
  const once = async (): Promise<string> => {
    const socket = await open();
    socket.end("x");
    return String(await readAll(socket));
  };
  /** The worker that a connection is at. */
  const workerAt = async (socket: Socket): Promise<number> => {
    socket.write("x");
    let text = "";
    while (!text.endsWith(" x")) text += String(await readBytes(socket, 1));
    return Number(text.split(" ")[0]);
  };

  afterEach(() => cleanup.run());

  // The tests of a group go on where the one before ended: a start is most of the work of a test.
  describe("until SIGTERM", () => {
    const lasting = createCleanup();
    before(() => start(lasting));
    after(() => lasting.run());

    it("prints `ready` once, gives connections to the workers in turn, and writes the records of their plugins into one log", async () => {
      const answers = [await once(), await once(), await once(), await once()];
      const pids = new Set(answers.map((answer) => answer.split(" ")[0]));
      expect([...pids].map(Number)).to.have.members(await workersOf());
      expect(pids.size).to.equal(2);
      expect(cli.lines.filter((line) => line === "ready")).to.have.length(1);
      expect(cli.stderr.match(/"msg":"listening"/g)).to.have.length(1);
      const { listeners, pid, counters, generation } = await status();
      expect(pid).to.equal(cli.pid);
      expect(generation).to.equal(1);
      expect(listeners[0]?.url).to.equal(`tcp://127.0.0.1:${ports["echo"]}`);
      expect(counters["sluice_sessions_total"]).to.equal(4);
      const records = (): unknown[] =>
        cli.stderr
          .split("\n")
          .filter((line) => line.includes('"plugin":"logging"'))
          .map((line) => JSON.parse(line) as unknown);
      await eventually(() => expect(records()).to.have.length(4));
      const ids = records().map((record) => (record as { session: number }).session);
      expect(new Set(ids).size, "numbers of sessions").to.equal(4);
    });

    it("applies a save in both, also to their open connections, and nothing of a save that one of them refuses", async () => {
      const [one, other] = [await open(), await open()];
      const pids = [await workerAt(one), await workerAt(other)];
      expect(pids[0]).not.to.equal(pids[1]);
      const expectBoth = async (letter: string, generation: number): Promise<void> => {
        expect([await say(one, pids[0]), await say(other, pids[1])]).to.deep.equal(pids.map((pid) => ({ pid, letter })));
        expect((await status()).workers?.map((worker) => [worker.generation, worker.sessions])).to.deep.equal([
          [generation, 1],
          [generation, 1],
        ]);
      };
      save({ letter: "b" });
      await cli.line(/^reloaded generation 2$/);
      await expectBoth("b", 2);
      // One makes the folder, and the other finds it.
      save({ letter: "c", setup: `mkdirSync(${JSON.stringify(`${folder.path}/taken`)})` });
      await cli.line(/^refused: .*proxy\.config\.ts:7:\d+: .*EEXIST.*SLUICE_PLUGIN_SETUP/);
      await expectBoth("b", 2);
      save({ letter: "c", more: `...(cluster.isPrimary ? {} : { own: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } })` });
      await cli.line(/^refused: .*proxy\.config\.ts: listeners: .*a worker has other listeners.*SLUICE_CONFIG_INVALID/);
      await expectBoth("b", 2);
      save({ letter: "d", workers: 3 });
      await cli.line(/^refused: .*proxy\.config\.ts: workers: there are 2 .*SLUICE_WORKERS_CHANGED: restart/);
      await expectBoth("b", 2);
      save({ letter: "e" });
      await cli.line(/^reloaded generation 3$/);
      await expectBoth("e", 3);
    });

    it("drains the sessions of both at SIGTERM", async () => {
      const sockets = [await open(), await open()];
      const pids = await Promise.all(sockets.map(workerAt));
      cli.kill("SIGTERM");
      await cli.error('"msg":"stopping"');
      for (const [index, socket] of sockets.entries()) expect((await say(socket, pids[index])).pid).to.equal(pids[index]);
      for (const socket of sockets) socket.end();
      expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    });
  });

  describe("until the first process is killed", () => {
    const lasting = createCleanup();
    before(() => start(lasting));
    after(() => lasting.run());

    it("loses only the sessions of a killed worker, and replaces it with one on the current generation", async () => {
      save({ letter: "b" });
      await cli.line(/^reloaded generation 2$/);
      const [one, other] = [await open(), await open()];
      const [victim, survivor] = [await workerAt(one), await workerAt(other)];
      const { sluice_sessions_total: before } = (await status()).counters;
      const lost = readAll(one).catch((error: unknown) => error);
      process.kill(victim, "SIGKILL");
      await lost;
      expect(await say(other, survivor)).to.deep.equal({ pid: survivor, letter: "b" });
      await eventually(async () => expect(await workersOf()).to.have.length(2), { within: 40_000, what: "two workers" });
      const { workers = [], counters } = await status();
      expect(counters["sluice_sessions_total"], "no counter falls").to.equal(before);
      expect(workers.map(({ generation }) => generation)).to.deep.equal([2, 2]);
      expect(workers.map(({ pid }) => pid))
        .to.include(survivor)
        .and.not.to.include(victim);
      const answers = [await once(), await once()].map((answer) => answer.replace(/\d+/, ""));
      expect(answers).to.deep.equal([" b x", " b x"]);
      save({ letter: "c" });
      await cli.line(/^reloaded generation 3$/);
      expect((await say(other, survivor)).letter).to.equal("c");
    });

    it("reloads both at SIGHUP, and its workers end when the first process is killed", async () => {
      cli.kill("SIGHUP");
      await cli.line(/^reloaded generation 4$/);
      expect((await status()).workers?.map(({ generation }) => generation)).to.deep.equal([4, 4]);
      const [victim = 0] = await workersOf();
      cli.kill("SIGKILL");
      await cli.ended();
      await eventually(() => expect(() => process.kill(victim, 0)).to.throw("ESRCH"), {
        what: "the end of a worker without its first process",
      });
    });
  });

  it("serves UDP in one worker: its flows survive the death of the others, and when it dies another binds the port", async () => {
    const upstream = cleanup.keep(await startUdpEcho());
    await start(cleanup, { more: `dns: { listen: "udp://127.0.0.1:0", upstream: "${upstream.endpoint}" }` });
    const client = await startUdpClient(cleanup, ports["dns"] ?? 0);
    expect(String(await client.ask("1"))).to.equal("1");
    const { workers = [] } = await status();
    const owner = workers.find(({ sessions }) => sessions === 1)?.pid ?? 0;
    process.kill(workers.find(({ pid }) => pid !== owner)?.pid ?? 0, "SIGKILL");
    await cli.error('"msg":"a worker serves in place of one that died"');
    expect(String(await client.ask("2"))).to.equal("2");
    expect(upstream.sources.size).to.equal(1);
    process.kill(owner, "SIGKILL");
    await eventually(async () => expect(String(await client.ask("3", 200))).to.equal("3"), { within: 40_000 });
    expect((await status()).listeners.find(({ name }) => name === "dns")?.url).to.equal(`udp://127.0.0.1:${ports["dns"]}`);
  });
});
