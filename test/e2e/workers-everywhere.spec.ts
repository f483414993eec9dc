import { expect } from "chai";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, startCliWith, type Cli, type CliFolder } from "../support/cli.ts";
import { connectSecurely } from "../support/exchange.ts";
import { ask } from "../support/http-client.ts";
import { connect, portOf, readBytes } from "../support/sockets.ts";
import { AdminApi } from "../support/with-admin.ts";

/** Each listener answers with the process that served and a text. */
const config = (folder: string): string => `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo, tlsTermination } from "sluice/plugins";
const mark = definePlugin("mark", ({ text }: { text: string }) => ({
  fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(text), chunk]))),
}));
const pid = definePlugin("pid", () => ({ fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(\`\${process.pid} \`), chunk]))) }));
const plugins = [pid(), mark({ text: "a" }), echo()];
export default defineConfig({
  workers: 2,
  admin: { listen: "tcp://127.0.0.1:0" },
  listeners: {
    tcp: { listen: "tcp://127.0.0.1:0", plugins },
    tls: { listen: "tls://127.0.0.1:0", plugins: [tlsTermination({ selfSigned: ["localhost"] }), ...plugins] },
    unix: { listen: "unix://${folder}/s.sock", plugins },
    held: { listen: "fd://web", plugins },
  },
});
`;

type Listener = "tcp" | "tls" | "unix" | "held";
const listeners: readonly Listener[] = ["tcp", "tls", "unix", "held"];

describe("two workers with listeners of every kind", function () {
  this.timeout(180_000);
  const cleanup = createCleanup();
  let folder: CliFolder;
  let cli: Cli;
  let api: AdminApi;
  let ports: Readonly<Record<string, number>>;

  before(async () => {
    folder = createCliFolder(cleanup);
    folder.write("proxy.config.ts", config(folder.path));
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    cli = startCliWith([{ name: "web", fd }], cleanup, folder);
    const held = portOf(server);
    // The child has it now, and alone accepts.
    server.close();
    ports = { ...(await cli.ready()), held };
    api = new AdminApi(cli.lines.find((line) => line.startsWith("admin "))?.slice("admin ".length) ?? "");
  });
  after(() => cleanup.run());

  const open = async (listener: Listener): Promise<Socket> => {
    const port = ports[listener] ?? 0;
    const socket =
      listener === "tls"
        ? await connectSecurely(port, { rejectUnauthorized: false })
        : await connect(listener === "unix" ? { path: `${folder.path}/s.sock` } : port);
    cleanup.add(() => void socket.destroy());
    return socket;
  };
  /** @returns who serves the connection, and what is put in front of an x */
  const say = async (socket: Socket): Promise<{ readonly pid: number; readonly text: string }> => {
    socket.write("x");
    let answer = "";
    while (!answer.endsWith("x")) answer += String(await readBytes(socket, 1));
    const [pid, text = ""] = answer.split(" ");
    return { pid: Number(pid), text };
  };
  const pids = async (): Promise<readonly number[]> => {
    const { workers } = await api.get<{ workers: { pid: number }[] }>("status");
    return workers.map(({ pid }) => pid);
  };
  /** Opens connections until both workers have one. */
  const openAtBoth = async (listener: Listener): Promise<readonly Socket[]> => {
    const sockets = [await open(listener), await open(listener)];
    const served = await Promise.all(sockets.map(say));
    expect(served.map(({ pid }) => pid)).to.have.members(await pids());
    return sockets;
  };
  const textsOf = async (sockets: readonly Socket[]): Promise<readonly string[]> =>
    (await Promise.all(sockets.map(say))).map(({ text }) => text);
  const run = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli(cleanup, folder, ...words);
    expect(code, stderr).to.equal(0);
    return stdout;
  };

  for (const listener of listeners) {
    it(`${listener}: both serve, also during a toggle, a set and a restore`, async () => {
      const sockets = await openAtBoth(listener);
      const { generation: first } = await api.get<{ generation: number }>("status");
      expect(await textsOf(sockets)).to.deep.equal(["ax", "ax"]);
      expect(await run("set", `${listener}/mark`, "text=b")).to.include("has text=b");
      expect(await textsOf(sockets)).to.deep.equal(["bx", "bx"]);
      expect(await run("toggle", `${listener}/mark`)).to.include("is off");
      expect(await textsOf(sockets)).to.deep.equal(["x", "x"]);
      expect((await api.call("POST", `generations/${first}/restore`, { json: {} })).status).to.equal(200);
      expect(await textsOf(sockets)).to.deep.equal(["ax", "ax"]);
      const { generation, workers } = await api.get<{ generation: number; workers: { generation: number }[] }>("status");
      expect(workers.map((worker) => worker.generation)).to.deep.equal([generation, generation]);
      for (const socket of sockets) socket.destroy();
    });
  }

  it("plan counts the sessions of both", async () => {
    const sockets = await openAtBoth("unix");
    const { running, steps } = JSON.parse(await run("plan", "--json")) as {
      running: boolean;
      steps: { listener: string; action: string; sessions: number }[];
    };
    expect(running).to.equal(true);
    expect(steps.map(({ listener, action }) => [listener, action])).to.have.deep.members(listeners.map((name) => [name, "keep"]));
    expect(steps.find(({ listener }) => listener === "unix")?.sessions).to.equal(2);
    for (const socket of sockets) socket.destroy();
  });

  it("is ready and healthy for a probe without a token", async () => {
    for (const path of ["/readyz", "/healthz"]) {
      const { status, body } = await ask(api.port, { path });
      expect(`${status} ${body.trim()}`, path).to.equal("200 ok");
    }
  });

  it("serves on all of them after a worker died and was replaced", async () => {
    const [victim = 0] = await pids();
    process.kill(victim, "SIGKILL");
    await cli.error('"msg":"a worker serves in place of one that died"');
    for (const listener of listeners) {
      const sockets = await openAtBoth(listener);
      expect(await textsOf(sockets), listener).to.deep.equal(["ax", "ax"]);
    }
  });
});
