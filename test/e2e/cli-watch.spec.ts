import { expect } from "chai";
import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { cliMain, createCliFolder, runCli, startCli, type Cli, type CliFolder } from "../support/cli.ts";
import { exchange } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { connect } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";

const config = `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const shout = definePlugin("shout", () => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase()))),
}));
const same = definePlugin("same", () => ({ fromClient: (data) => data.pipe(each((chunk) => chunk)) }));
const quiet = definePlugin("quiet", () => ({ fromClient: (data) => data.pipe(each((chunk) => (chunk.includes("SECRET") ? null : chunk))) }));
export default defineConfig({
  listeners: {
    echo: { listen: "tcp://127.0.0.1:0", plugins: [shout(), same(), quiet(), echo()] },
    dns: { listen: "udp://127.0.0.1:0", plugins: [echo()] },
  },
});
`;

describe("watching from the terminal", function () {
  this.timeout(60_000);
  const lasting = createCleanup();
  const cleanup = createCleanup();
  let folder: CliFolder;
  let proxy: Cli;
  let ports: Record<string, number>;

  // One start for all: the first test counts bytes, and the last one kills the proxy.
  before(async () => {
    folder = createCliFolder(lasting);
    folder.write("proxy.config.ts", config);
    proxy = startCli(lasting, folder, ["start"]);
    ports = await proxy.ready();
  });
  after(() => lasting.run());
  afterEach(() => cleanup.run());

  const open = async (): Promise<Socket> => cleanup.keep(await connect(ports["echo"] ?? 0));
  const watching = async (...parameters: readonly string[]): Promise<Cli> => {
    const cli = startCli(cleanup, folder, ["watch", ...parameters]);
    await cli.line(/^watching/);
    return cli;
  };

  it("prints one JSON snapshot per line with status --watch --json", async () => {
    const cli = startCli(cleanup, folder, ["status", "--watch", "--json"]);
    await exchange(await open(), "hello");
    await cli.line(/"chunks":1/);
    const { listeners } = JSON.parse(cli.lines.at(-1) ?? "") as { listeners: { listener: string; fromClient: { bytes: number } }[] };
    expect(listeners.map(({ listener, fromClient }) => [listener, fromClient.bytes])).to.deep.equal([
      ["echo", 5],
      ["dns", 0],
    ]);
  });

  it("shows sessions as they come and go, their bytes, and which plugins changed or dropped them", async () => {
    const cli = await watching("echo");
    const socket = await open();
    await cli.line(/^[\d:.]+ +(\d+) \+ echo 127\.0\.0\.1:\d+$/);
    expect(await exchange(socket, "hello\r\n")).to.equal("HELLO\r\n");
    await cli.line(/^[\d:.]+ +\d+ → client +7 B {2}hello\\r\\n$/);
    await cli.line(/^[\d:.]+ +\d+ → shout +7 B {2}HELLO\\r\\n$/);
    await cli.line(/^[\d:.]+ +\d+ ← upstream +7 B {2}HELLO\\r\\n$/);
    expect(cli.lines.join("\n"), "what a plugin left as it was").to.not.include("same");
    socket.write("secret");
    await cli.line(/→ quiet +dropped$/);
    await (await startUdpClient(cleanup, ports["dns"] ?? 0)).ask("another listener");
    socket.end();
    await cli.line(/ - echo to echo after [^,]+, → 13 B, ← 7 B, closed$/);
    expect(cli.lines.join("\n")).to.not.include("another listener").and.not.include("dns");
  });

  it("shows all listeners without a name, and dumps with --hex", async () => {
    const cli = await watching("--hex");
    await (await startUdpClient(cleanup, ports["dns"] ?? 0)).ask(Buffer.from([0, 1, 0x41, 0xff]));
    await cli.line(/\+ dns 127\.0\.0\.1:\d+$/);
    await cli.line(/→ client +4 B$/);
    await cli.line(/^ +0000 {2}00 01 41 ff +··A·$/);
    expect(await exchange(await open(), "x")).to.equal("X");
    await cli.line(/^ +0000 {2}78 +x$/);
    await cli.line(/^ +0000 {2}58 +X$/);
  });

  it("prints one JSON event per line with --json", async () => {
    const cli = startCli(cleanup, folder, ["watch", "echo", "--json"]);
    const socket = await open();
    await Promise.race([cli.line(/"chunk"/), talk(socket)]);
    const events = cli.lines.map((line) => JSON.parse(line) as { type: string; data: { listener: string; data?: string } });
    const chunk = events.find(({ type }) => type === "chunk");
    expect(chunk?.data.listener).to.equal("echo");
    expect(Buffer.from(chunk?.data.data ?? "", "base64").toString()).to.match(/^hello/i);
  });

  it("ends when nothing reads its output any more", async () => {
    const cli = await watching();
    cli.breakPipes();
    await exchange(await open(), "hello");
    expect((await cli.ended()).code).to.equal(0);
  });

  it("reports errors: no proxy, an unknown listener", async () => {
    const wrong = await runCli(cleanup, folder, "watch", "ehco");
    expect([wrong.code, wrong.stderr]).to.deep.equal([
      1,
      'error: there is no listener "ehco": there are echo, dns (SLUICE_ADMIN_UNKNOWN: see what exists with `sluice status` or GET /api/v1/status)\n',
    ]);
    expect((await runCli(cleanup, folder, "watch", "echo", "dns")).stderr).to.include('got also "dns"');
    const other = createCliFolder(cleanup);
    other.write("proxy.config.ts", config);
    expect((await runCli(cleanup, other, "watch")).stderr).to.include("SLUICE_NOT_RUNNING");
    expect((await runCli(cleanup, other, "status", "--watch")).stderr).to.include("SLUICE_NOT_RUNNING");
  });

  it("redraws one table in a terminal, and restores the cursor", async function () {
    const script = requireTool(this, "script");
    const command = `stty cols 100 rows 30; exec ${process.execPath} ${cliMain} status --watch`;
    const terminal = spawn(script, ["-qec", command, "/dev/null"], { cwd: folder.path, stdio: ["pipe", "pipe", "inherit"] });
    cleanup.add(() => void terminal.kill("SIGKILL"));
    terminal.stdin.on("error", () => undefined);
    let text = "";
    terminal.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
    while (text.split("\u001b[J").length < 3) await eventOf(terminal.stdout, "data", 15_000);
    expect(text).to.match(/generation 1, up \d+ s, pid \d+, \d+ MiB of memory/);
    expect(text).to.include("\u001b[1mecho\u001b[22m");
    // Ctrl-C, as the terminal's own line discipline makes a signal of it.
    terminal.stdin.write("\u0003");
    expect(await eventOf(terminal, "close", 15_000)).to.deep.equal([0, null]);
    expect(text).to.include("\u001b[?25h");
  });

  it("prints lines instead of a table in a terminal whose cursor cannot be moved", async function () {
    const script = requireTool(this, "script");
    const terminal = spawn(script, ["-qec", `exec ${process.execPath} ${cliMain} status --watch`, "/dev/null"], {
      cwd: folder.path,
      env: { ...process.env, TERM: "dumb" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    cleanup.add(() => void terminal.kill("SIGKILL"));
    terminal.stdin.on("error", () => undefined);
    let text = "";
    terminal.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
    while (!/echo {2}\d+ sessions /.test(text)) await eventOf(terminal.stdout, "data", 15_000);
    expect(text).to.not.include("\u001b");
    terminal.stdin.write("\u0003");
    await eventOf(terminal, "close", 15_000);
  });

  it("exits with 0 at Ctrl-C, and ends with a message when the proxy ends", async () => {
    const stopped = await watching();
    stopped.kill("SIGINT");
    expect(await stopped.ended()).to.deep.equal({ code: 0, signal: null });
    const watcher = await watching("echo");
    const status = startCli(cleanup, folder, ["status", "--watch"]);
    await status.line(/^[\d:.]+ {2}echo {2}0 sessions {2}0 new\/s {2}0 failed\/s {2}0 B\/s from client {2}0 B\/s from upstream$/);
    await status.line(/^[\d:.]+ {2}dns/);
    proxy.kill("SIGKILL");
    for (const each of [watcher, status]) {
      await each.line(/^the proxy has ended$/);
      expect((await each.ended()).code).to.equal(0);
    }
  });
});

/** Speaks until somebody has heard it. */
async function talk(socket: Socket): Promise<never> {
  for (;;) await exchange(socket, "hello");
}
