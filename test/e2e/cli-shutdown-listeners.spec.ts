import { expect } from "chai";
import { Agent } from "node:http";
import { join } from "node:path";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type Cli, type CliFolder } from "../support/cli.ts";
import { Commands } from "../support/commands.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { ask } from "../support/http-client.ts";
import { connect } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";

const config = (folder: string, shutdown: string): string => `
import { defineConfig, definePlugin } from "sluice";
import { echo, http, tlsTermination } from "sluice/plugins";
import { of } from "rxjs";
const hello = definePlugin("hello", () => ({ exchange: () => of({ status: 200, headers: {}, body: "hello" }) }));
export default defineConfig({
  shutdown: ${shutdown},
  timeouts: { drain: "1h" },
  listeners: {
    plain: { listen: "tcp://127.0.0.1:0", plugins: [echo()] },
    secure: { listen: "tls://127.0.0.1:0", plugins: [tlsTermination({ selfSigned: ["localhost"], ca: false }), echo()] },
    local: { listen: "unix://${join(folder, "echo.sock")}", plugins: [echo()] },
    datagrams: { listen: "udp://127.0.0.1:0", plugins: [echo()] },
    web: { listen: "tcp://127.0.0.1:0", plugins: [hello(), http({ routes: [{ upstream: "127.0.0.1:9" }] })] },
  },
});
`;
const notReady = "not ready any more";

describe("shutdown: { delay, quiet }, whatever the listener", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;
  let cli: Cli;
  let ports: Record<string, number>;

  const start = async (shutdown: string): Promise<void> => {
    folder = createCliFolder(cleanup);
    folder.write("proxy.config.ts", config(folder.path, shutdown));
    cli = startCli(cleanup, folder, ["start"]);
    ports = await cli.ready();
  };
  const port = (name: string): number => ports[name] ?? 0;
  const local = (): { path: string } => ({ path: join(folder.path, "echo.sock") });
  afterEach(() => cleanup.run());

  it("accepts as before although it is no longer ready, and applies a reload meanwhile", async () => {
    await start('{ delay: "1h", quiet: "1h" }');
    const agent = cleanup.keep(new Agent({ keepAlive: true, maxSockets: 1 }));
    expect((await ask(port("web"), { agent })).body).to.equal("hello");
    cli.kill("SIGTERM");
    await cli.error(notReady);
    const serve = async (): Promise<void> => {
      const sockets = [
        await connect(port("plain")),
        await connectSecurely(port("secure"), { servername: "localhost", rejectUnauthorized: false }),
        await connect(local()),
      ];
      for (const socket of sockets) cleanup.add(() => void socket.destroy());
      for (const socket of sockets) expect(await exchange(socket, "hello")).to.equal("hello");
      expect(String(await (await startUdpClient(cleanup, port("datagrams"))).ask("hello"))).to.equal("hello");
      expect((await ask(port("web"), { agent })).body).to.equal("hello");
      expect((await ask(port("web"))).body).to.equal("hello");
    };
    await serve();
    cli.kill("SIGHUP");
    await cli.line(/^reloaded generation 2$/);
    await serve();
    cli.kill("SIGTERM");
    expect(await cli.ended()).to.deep.equal({ code: 143, signal: null });
  });

  it("then drains: it refuses streams, closes idle HTTP connections, and serves datagrams until the streams have ended", async () => {
    await start('{ delay: "1h", quiet: "300ms" }');
    const open = cleanup.keep(await connect(port("plain")));
    expect(await exchange(open, "hello")).to.equal("hello");
    const idle = cleanup.keep(await connect(port("web")));
    const answered = new Promise((resolve) => void idle.once("data", resolve));
    idle.write("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    await answered;
    const client = await startUdpClient(cleanup, port("datagrams"));
    const finished = eventOf(idle, "end", 15_000);
    cli.kill("SIGTERM");
    await finished;
    idle.end();
    await cli.error('"stopping"');
    for (const to of [port("plain"), port("secure"), port("web"), local()]) {
      const outcome = await connect(to).catch((error: NodeJS.ErrnoException) => error.code);
      expect(outcome).to.be.oneOf(["ECONNREFUSED", "ENOENT"]);
    }
    expect(String(await client.ask("still"))).to.equal("still");
    expect(await exchange(open, "still")).to.equal("still");
    open.end();
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });

  it("is not delayed by probes of TLS and unix listeners, which leave without sending a byte", async () => {
    await start('{ delay: "1h", quiet: "500ms" }');
    cli.kill("SIGTERM");
    await cli.error(notReady);
    const ended = cli.exit.then(() => true);
    const probe = async (): Promise<boolean> => {
      for (const to of [port("secure"), port("plain"), local()])
        await connect(to as number).then(
          (socket) => socket.destroy(),
          () => undefined,
        );
      // Load balancers leave time between their probes.
      return Promise.race([ended, new Promise<boolean>((resolve) => setTimeout(resolve, 50, false))]);
    };
    while (!(await probe()));
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });

  it("reports which value is invalid", async () => {
    folder = createCliFolder(cleanup);
    const commands = new Commands();
    cleanup.add(() => commands.end());
    for (const [shutdown, where] of [
      ['{ delay: "soon" }', "shutdown.delay"],
      ['{ quiet: "-1s" }', "shutdown.quiet"],
      ["{ wait: 1 }", "shutdown.wait"],
    ] as const) {
      folder.write("proxy.config.ts", config(folder.path, shutdown));
      const { code, stderr } = await commands.run(folder, "check");
      expect([code, stderr.includes(where)], stderr).to.deep.equal([1, true]);
    }
  });
});
