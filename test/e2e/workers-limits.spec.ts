import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { connect, readAll } from "../support/sockets.ts";
import { pidOf, Workers } from "../support/workers.ts";

const config = (folder: string, rest = ""): string => `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo, proxyProtocol } from "sluice/plugins";
const pid = definePlugin("pid", () => ({ fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(\`\${process.pid} \`), chunk]))) }));
const plugins = [pid(), echo()];
export default defineConfig({
  workers: 2,
  limits: { sessionsPerClient: 4 },
  ${rest}
  listeners: {
    plain: { listen: "tcp://127.0.0.1:0", plugins },
    named: { listen: "tcp://127.0.0.1:0", plugins: [proxyProtocol({ from: ["127.0.0.1"] }), ...plugins] },
    few: { listen: "tcp://127.0.0.1:0", plugins, limits: { sessions: 3 } },
    queued: { listen: "tcp://127.0.0.1:0", plugins, limits: { sessions: 3, queue: { max: 2, timeout: "60s" } } },
    vain: { listen: "tcp://127.0.0.1:0", plugins, limits: { sessions: 1, queue: { max: 2, timeout: "300ms" } } },
    unix: { listen: "unix://${folder}/s.sock", plugins, limits: { sessions: 3, queue: { max: 2, timeout: "60s" } } },
  },
});
`;

describe("limits that several workers share", function () {
  this.timeout(180_000);
  const all = createCleanup();
  const cleanup = createCleanup();
  const folder = createCliFolder(all);
  let workers: Workers;

  before(async () => {
    workers = await Workers.start(all, config(folder.path), folder);
  });
  after(() => all.run());
  afterEach(() => cleanup.run());

  const open = async (listener: string, localAddress = "127.0.0.1"): Promise<Socket> => {
    const to = listener === "unix" ? { path: `${folder.path}/s.sock` } : { port: workers.port(listener), host: "127.0.0.1", localAddress };
    return cleanup.keep(await connect(to));
  };
  /** Opens sessions that are served, one after the other. */
  const serve = async (listener: string, times: number, from?: string): Promise<{ sockets: Socket[]; pids: number[] }> => {
    const [sockets, pids]: [Socket[], number[]] = [[], []];
    for (let count = 0; count < times; count += 1) {
      const socket = await open(listener, from);
      pids.push(await pidOf(socket));
      sockets.push(socket);
    }
    return { sockets, pids };
  };
  const isServed = async (listener: string, from?: string): Promise<boolean> =>
    serve(listener, 1, from).then(
      () => true,
      () => false,
    );
  const nobodyOn = (listener: string): Promise<unknown> =>
    eventually(async () => expect((await workers.status()).listeners.find(({ name }) => name === listener)?.sessions).to.equal(0), {
      within: 30_000,
    });

  const refused = async (): Promise<number> => (await workers.status()).counters["sluice_sessions_refused_total"] ?? 0;

  it("limits.sessionsPerClient counts each client separately", async () => {
    const { pids, sockets } = await serve("plain", 4);
    expect(new Set(pids).size).to.equal(2);
    expect(await isServed("plain")).to.equal(false);
    expect(await isServed("plain", "127.0.0.9")).to.equal(true);
    sockets[0]?.destroy();
    await eventually(async () => expect(await isServed("plain")).to.equal(true), { within: 30_000, what: "room for the client" });
    expect(await isServed("plain")).to.equal(false);
  });

  it("limits.sessionsPerClient holds for sessions that come all at once", async () => {
    await nobodyOn("plain");
    const served = await Promise.all(Array.from({ length: 16 }, () => isServed("plain")));
    expect(served.filter(Boolean)).to.have.length(4);
  });

  it("limits.sessionsPerClient counts the clients that a plugin names", async () => {
    const arrive = async (client: string): Promise<boolean> => {
      const socket = await open("named");
      socket.write(`PROXY TCP4 ${client} 192.0.2.1 4000 80\r\n`);
      return pidOf(socket).then(
        () => true,
        () => false,
      );
    };
    // In turn: until it is named, each of them is a session of the proxy in front.
    const served: boolean[] = [];
    for (let count = 0; count < 7; count += 1) served.push(await arrive("198.51.100.1"));
    expect(served.filter(Boolean)).to.have.length(4);
    expect(await arrive("198.51.100.2")).to.equal(true);
  });

  it("a listener's limits.sessions", async () => {
    const served = await Promise.all(Array.from({ length: 12 }, () => open("few")));
    const answers = await Promise.all(served.map((socket) => pidOf(socket).catch(() => 0)));
    expect(answers.filter((pid) => pid > 0)).to.have.length(3);
    for (const socket of served) socket.destroy();
    await eventually(async () => expect(await isServed("few")).to.equal(true), { within: 30_000, what: "room on the listener" });
  });

  for (const listener of ["queued", "unix"]) {
    it(`a listener's queue: ${listener}`, async () => {
      await nobodyOn(listener);
      const { sockets } = await serve(listener, 3);
      const first = await open(listener);
      const second = await open(listener);
      const asked = [pidOf(first), pidOf(second)];
      let answered = 0;
      for (const each of asked) void each.then(() => (answered += 1)).catch(() => undefined);
      expect(await isServed(listener), "a third that waits").to.equal(false);
      expect(answered).to.equal(0);
      sockets[0]?.destroy();
      expect(await asked[0]).to.be.greaterThan(0);
      sockets[1]?.destroy();
      expect(await asked[1]).to.be.greaterThan(0);
    });
  }

  it("a queue frees the place of a client that has left, and keeps its places over a reload", async () => {
    await nobodyOn("queued");
    const { sockets } = await serve("queued", 3);
    const gone = await open("queued");
    const waits = pidOf(await open("queued"));
    gone.resetAndDestroy();
    await workers.save(config(folder.path, `log: { level: "debug" },`));
    // The place of who left is free once it was looked at. What is asked after a client has come is answered after it was turned away.
    const another = await eventually(
      async () => {
        const before = await refused();
        const socket = await open("queued");
        if ((await refused()) > before) throw new Error("the queue is full");
        return socket;
      },
      { within: 30_000, what: "a place in the queue" },
    );
    sockets[0]?.destroy();
    expect(await waits).to.be.greaterThan(0);
    sockets[1]?.destroy();
    expect(await pidOf(another)).to.be.greaterThan(0);
  });

  it("a client that has waited too long is refused", async () => {
    await serve("vain", 1);
    const before = await refused();
    const socket = await open("vain");
    await readAll(socket, 30_000).catch(() => undefined);
    expect(await refused()).to.equal(before + 1);
  });

  it("the sessions of a worker that has died are not counted", async () => {
    const { pids } = await serve("few", 3);
    process.kill(pids[0] ?? 0, "SIGKILL");
    const left = pids.filter((pid) => pid !== pids[0]).length;
    await eventually(async () => expect(await isServed("few")).to.equal(true), { within: 60_000, what: "room after the death" });
    expect(left).to.be.lessThan(3);
    await workers.cli.error('"msg":"a worker serves in place of one that died"');
  });
});
