import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type Cli, type CliFolder } from "../support/cli.ts";
import { ask } from "../support/http-client.ts";
import { connect, readBytes } from "../support/sockets.ts";

const config = (shutdown: string): string => `
import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
export default defineConfig({ shutdown: ${shutdown}, timeouts: { drain: "1h" }, listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
`;
const notReady = "not ready any more";

describe("shutdown: { delay, quiet }", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;
  let cli: Cli;
  let port: number;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
  });
  afterEach(() => cleanup.run());

  const start = async (shutdown: string, ...options: string[]): Promise<void> => {
    folder.write("proxy.config.ts", config(shutdown));
    cli = startCli(cleanup, folder, ["start", ...options]);
    ({ echo: port = 0 } = await cli.ready());
  };
  const startWithAdmin = async (shutdown: string): Promise<number> => {
    await start(shutdown, "--admin=127.0.0.1:0");
    const url = cli.lines.find((line) => line.startsWith("admin ")) ?? "";
    return Number(new URL(url.slice("admin ".length)).port);
  };
  const exchange = async (): Promise<Socket> => {
    const socket = cleanup.keep(await connect(port));
    socket.write("hello");
    expect(String(await readBytes(socket, 5))).to.equal("hello");
    return socket;
  };
  const probe = async (admin: number, path: string): Promise<string> => {
    const { status, body } = await ask(admin, { path });
    return `${status} ${body.trim()}`;
  };
  const answerOf = (at: number): Promise<unknown> => connect(at).catch((error: NodeJS.ErrnoException) => error.code);

  it("answers /readyz with 503 at once and continues to accept; a second SIGTERM ends it", async () => {
    const admin = await startWithAdmin('{ delay: "1h", quiet: "1h" }');
    expect(await probe(admin, "/readyz")).to.equal("200 ok");
    cli.kill("SIGTERM");
    await cli.error(notReady);
    expect(await probe(admin, "/readyz")).to.equal("503 closing");
    expect(await probe(admin, "/healthz")).to.equal("200 ok");
    await exchange();
    await exchange();
    expect(await probe(admin, "/readyz")).to.equal("503 closing");
    cli.kill("SIGTERM");
    expect(await cli.ended()).to.deep.equal({ code: 143, signal: null });
  });

  it("drains once no new connections come, and closes the admin server last", async () => {
    const admin = await startWithAdmin('{ delay: "1h", quiet: "200ms" }');
    const open = await exchange();
    cli.kill("SIGTERM");
    await cli.error('"stopping"');
    expect(await answerOf(port)).to.equal("ECONNREFUSED");
    expect(await probe(admin, "/readyz")).to.equal("503 closing");
    expect(await probe(admin, "/healthz")).to.equal("200 ok");
    open.write("still");
    expect(String(await readBytes(open, 5))).to.equal("still");
    open.end();
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    expect(await answerOf(admin)).to.equal("ECONNREFUSED");
  });

  it("is not delayed by probes: neither by requests to the admin server, nor by connections that leave without sending a byte", async () => {
    const admin = await startWithAdmin('{ delay: "1h", quiet: "500ms" }');
    cli.kill("SIGTERM");
    await cli.error(notReady);
    // Until the admin server, which goes last, is gone.
    const probeOn = async (): Promise<void> => {
      await connect(port).then(
        (socket) => socket.destroy(),
        () => undefined,
      );
      if ((await probe(admin, "/readyz").catch(() => "gone")) !== "gone") await probeOn();
    };
    await probeOn();
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });

  it("works without an admin server, and drains after delay even if connections still come", async () => {
    await start('{ delay: "200ms", quiet: "1h" }');
    cli.kill("SIGTERM");
    await cli.error('"stopping"');
    expect(cli.stderr).to.include(notReady);
    expect(await answerOf(port)).to.equal("ECONNREFUSED");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });

  it("uses the values of the last reload", async () => {
    await start('{ delay: "0s" }');
    folder.write("proxy.config.ts", config('{ delay: "1h", quiet: "1h" }'));
    await cli.line(/^reloaded generation 2$/);
    cli.kill("SIGTERM");
    await cli.error(notReady);
    await exchange();
  });

  it("is for SIGTERM: Ctrl-C drains at once", async () => {
    await start('{ delay: "1h", quiet: "1h" }');
    cli.kill("SIGINT");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    expect(cli.stderr).to.not.include(notReady);
  });
});
