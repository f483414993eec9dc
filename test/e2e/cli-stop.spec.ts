import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type Cli, type CliFolder } from "../support/cli.ts";
import { closeOf, connect, readBytes } from "../support/sockets.ts";

const config = (drain: string, before = ""): string => `
import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
${before}
export default defineConfig({ timeouts: { drain: "${drain}" }, listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
`;

describe("stopping sluice", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
  });
  afterEach(() => cleanup.run());

  const startWith = async (text: string): Promise<{ cli: Cli; port: number }> => {
    folder.write("proxy.config.ts", text);
    const cli = startCli(cleanup, folder, ["start"]);
    const { echo = 0 } = await cli.ready();
    return { cli, port: echo };
  };

  const exchange = async (port: number, text: string) => {
    const socket = cleanup.keep(await connect(port));
    socket.write(text);
    expect(String(await readBytes(socket, text.length))).to.equal(text);
    return socket;
  };

  it("refuses new connections at once, serves the open ones until they end, and exits with 0", async () => {
    const { cli, port } = await startWith(config("30s"));
    const socket = await exchange(port, "before");
    cli.kill("SIGTERM");
    await cli.error("stopping");
    expect(await connect(port).catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ECONNREFUSED");
    socket.write("while draining");
    expect(String(await readBytes(socket, 14))).to.equal("while draining");
    socket.end();
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });

  it("resets sessions that are still open when the time to drain is over, and exits with 0", async () => {
    const { cli, port } = await startWith(config("100ms"));
    const socket = await exchange(port, "before");
    const closed = closeOf(socket);
    cli.kill("SIGINT");
    expect(await closed).to.equal("ECONNRESET");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });

  for (const [signal, code] of [["SIGTERM", 143] as const, ["SIGINT", 130] as const]) {
    it(`happens at once on a second ${signal}, with exit code ${code}`, async () => {
      const { cli, port } = await startWith(config("30s"));
      await exchange(port, "open");
      cli.kill(signal);
      await cli.error("stopping");
      cli.kill(signal);
      expect(await cli.ended()).to.deep.equal({ code, signal: null });
    });
  }

  it("does not happen because of errors in a plugin's timers and promises, which are logged, also after its teardown", async () => {
    const plugins = `
import { definePlugin } from "sluice";
setTimeout(() => { throw new Error("tick"); }, 1);
void new Promise((_, reject) => setTimeout(() => reject(new Error("floating")), 1));
const late = definePlugin("late", () => ({
  teardown() {
    setTimeout(() => { throw new Error("late tick"); }, 1);
    setTimeout(() => void Promise.reject(new Error("late promise")), 1);
    return Promise.reject(new Error("no teardown"));
  },
}));`;
    const { cli, port } = await startWith(config("1s", plugins).replace("[echo()]", "[late(), echo()]"));
    for (const message of ["tick", "floating", /"level":50/]) await cli.error(message);
    await exchange(port, "alive");
    folder.write("proxy.config.ts", config("1s"));
    await cli.line(/^reloaded generation 2$/);
    for (const message of ["late tick", "late promise", "no teardown"]) await cli.error(message);
    await exchange(port, "alive");
  });

  it("does not happen because the reader of its output ends", async () => {
    const { cli, port } = await startWith(config("1s"));
    cli.breakPipes();
    const socket = await exchange(port, "first");
    // Each writes a line to the broken pipe.
    for (let count = 0; count < 3; count++) cli.kill("SIGHUP");
    socket.write("second");
    expect(String(await readBytes(socket, 6))).to.equal("second");
    await exchange(port, "third");
    socket.destroy();
    cli.kill("SIGTERM");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });
});
