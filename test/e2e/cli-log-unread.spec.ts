import { expect } from "chai";
import { closeSync, constants, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, startCliAfter, type Cli, type CliFolder } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { statusOf } from "../support/status-of.ts";
import { findTool } from "../setup/tools.ts";

const config = `
import { writeFileSync } from "node:fs";
import { defineConfig } from "sluice";
import { echo, logging } from "sluice/plugins";
writeFileSync("pid", String(process.pid));
export default defineConfig({
  timeouts: { drain: "200ms" },
  listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [logging({ chunks: "text" }), echo()] } },
});
`;

/** More records than the reader's buffer and the queue of 1 MiB take: each chunk is logged twice, with up to 4 KiB of it. */
const flood = Buffer.alloc(64 * 1024, "x");
const floods = 250;

describe("a log that nobody reads", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
    folder.write("proxy.config.ts", config);
  });
  afterEach(() => cleanup.run());

  async function exchange(port: number, data: Buffer, times = 1): Promise<void> {
    const socket = cleanup.keep(await connect(port));
    for (let round = 0; round < times; round++) {
      socket.write(data);
      expect((await readBytes(socket, data.length)).equals(data)).to.equal(true);
    }
  }

  /** Starts with a reader that stands still, floods the log, and finds the proxy serving. */
  const stuck: Readonly<Record<"a pipe" | "a socket", () => Promise<{ cli: Cli; port: number }>>> = {
    "a pipe": async () => {
      const cli = startCliAfter("mkfifo unread && exec 2<>unread", cleanup, folder);
      return { cli, port: (await cli.ready())["echo"] ?? 0 };
    },
    "a socket": async () => {
      const cli = startCli(cleanup, folder, ["start"]);
      const port = (await cli.ready())["echo"] ?? 0;
      cli.stopReadingErrors();
      return { cli, port };
    },
  };

  // `script` runs a command on a terminal of its own, and stands still when its own output is not read.
  it("stops neither sessions nor SIGTERM when standard error is a terminal", async function () {
    if (findTool("script") === undefined) this.skip();
    const fill = "mkfifo unread && exec 1<>unread && head -c 65536 /dev/zero >&1";
    startCliAfter(`${fill} && set -- script -qfec "$*" /dev/null`, cleanup, folder);
    await serving(async (port, pid) => {
      await exchange(port, flood, floods);
      await exchange(port, Buffer.from("served"));
      process.kill(pid, "SIGTERM");
    });
    // script cannot end while its output stands still.
    await eventually(() => expect(isAlive(Number(readFileSync(join(folder.path, "pid"), "utf8")))).to.equal(false), { within: 15_000 });
  });

  /** Asks a proxy of which nothing can be read where it is. */
  async function serving(use: (port: number, pid: number) => Promise<void>): Promise<void> {
    const { port, pid } = await eventually(
      async () => {
        const { pid: its, listeners } = await statusOf(folder);
        return { pid: its, port: Number(new URL(listeners[0]?.url ?? "").port) };
      },
      { within: 20_000 },
    );
    await use(port, pid);
  }

  // Each signal once with each kind, which is all that could differ: one stops a proxy after its sessions, the second one at once.
  for (const [kind, once, twice, code] of [
    ["a pipe", "SIGTERM", "SIGINT", 130],
    ["a socket", "SIGINT", "SIGTERM", 143],
  ] as const) {
    it(`stops neither sessions nor ${once} when standard error is ${kind}`, async () => {
      const { cli, port } = await stuck[kind]();
      await exchange(port, flood, floods);
      await exchange(port, Buffer.from("served"));
      cli.kill(once);
      expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    });

    it(`lets a second ${twice} end the proxy at once when standard error is ${kind}`, async () => {
      folder.write("proxy.config.ts", config.replace("200ms", "1h"));
      const { cli, port } = await stuck[kind]();
      await exchange(port, flood, floods);
      cli.kill(twice);
      await eventually(async () =>
        expect(await connect(port).catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ECONNREFUSED"),
      );
      cli.kill(twice);
      expect(await cli.ended()).to.deep.equal({ code, signal: null });
    });
  }

  it("reports how many records were dropped once the reader is back, in complete lines", async () => {
    const { cli, port } = await stuck["a socket"]();
    await exchange(port, flood, floods);
    cli.readErrors();
    await cli.error(/"dropped":\d+/);
    await exchange(port, Buffer.from("after"));
    await cli.error('"data":"after"');
    const records = cli.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { dropped?: number; msg: string });
    const dropped = records.reduce((sum, record) => sum + (record.dropped ?? 0), 0);
    const chunks = records.filter(({ msg }) => msg === "chunk").length;
    expect(dropped).to.be.greaterThan(0);
    // Each flood is at least one chunk each way.
    expect(dropped + chunks).to.be.at.least(floods * 2);
  });

  it("keeps at most as many records as its queue holds", async () => {
    const cli = startCliAfter("mkfifo unread && exec 2<>unread", cleanup, folder);
    const port = (await cli.ready())["echo"] ?? 0;
    await exchange(port, flood, floods);
    const fifo = openSync(join(folder.path, "unread"), constants.O_RDONLY | constants.O_NONBLOCK);
    cleanup.add(() => closeSync(fifo));
    cli.kill("SIGTERM");
    await cli.ended();
    expect(drain(fifo)).to.be.at.most(1024 ** 2);
  });

  it("stops nothing when standard output is not read either", async () => {
    // Filled to the brim before the first line: 64 KiB is what a pipe holds.
    const cli = startCliAfter("mkfifo unread && exec 1<>unread 2<>unread && head -c 65536 /dev/zero >&1", cleanup, folder);
    await serving((port) => exchange(port, flood, floods));
    cli.kill("SIGHUP");
    cli.kill("SIGTERM");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });
});

/** Whether it runs: what has ended and was not asked for its exit code does not. */
function isAlive(pid: number): boolean {
  const state = existsSync(`/proc/${pid}/stat`) ? /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] : undefined;
  return state !== undefined && state !== "Z";
}

function drain(fd: number): number {
  const buffer = Buffer.alloc(64 * 1024);
  let total = 0;
  try {
    for (let read = readSync(fd, buffer); read > 0; read = readSync(fd, buffer)) total += read;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
  return total;
}
