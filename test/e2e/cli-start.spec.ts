import { expect } from "chai";
import { createServer } from "node:net";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, startCli, type CliFolder } from "../support/cli.ts";
import { connect, portOf, readBytes } from "../support/sockets.ts";

/** A config of one echo listener; a port of 0 picks a free one. */
const echoOn = (port: number, before = ""): string => `
import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
${before}
export default defineConfig({ listeners: { echo: { listen: "tcp://127.0.0.1:${port}", plugins: [echo()] } } });
`;

describe("sluice start", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
  });
  afterEach(() => cleanup.run());

  it("prints one line per bound listener, with the port that was picked, then `ready`, and serves", async () => {
    folder.write(
      "proxy.config.ts",
      `import { defineConfig } from "sluice";
       import { echo } from "sluice/plugins";
       export default defineConfig({ listeners: {
         tcp: { listen: "tcp://127.0.0.1:0", plugins: [echo()] },
         udp: { listen: "udp://127.0.0.1:0", plugins: [echo()] },
       } });`,
    );
    const cli = startCli(cleanup, folder, ["start"]);
    const ports = await cli.ready();
    expect(cli.lines).to.deep.equal([`tcp tcp://127.0.0.1:${ports["tcp"]}`, `udp udp://127.0.0.1:${ports["udp"]}`, "ready"]);
    expect(ports["tcp"]).to.be.greaterThan(0);
    const socket = cleanup.keep(await connect(ports["tcp"] ?? 0));
    socket.write("through");
    expect(String(await readBytes(socket, 7))).to.equal("through");
  });

  it("uses another config with -c, whose folder is not the working directory", async () => {
    folder.write("there/other.config.ts", echoOn(0));
    const cli = startCli(cleanup, folder, ["start", "-c", "there/other.config.ts"]);
    await cli.ready();
  });

  it("exits with 1 when a port is taken, and names the address, the listener and the config", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    folder.write("proxy.config.ts", echoOn(portOf(server)));
    const { code, stdout, stderr } = await runCli(cleanup, folder, "start");
    expect(code).to.equal(1);
    expect(stdout).to.equal("");
    expect(stderr).to.include("SLUICE_ADDRESS_IN_USE");
    expect(stderr).to.include(`127.0.0.1:${portOf(server)}`);
    expect(stderr).to.include("echo");
    expect(stderr).to.include("proxy.config.ts");
  });

  it("exits with 1 when the config is missing or broken, and gives the location", async () => {
    const missing = await runCli(cleanup, folder, "start");
    expect(missing.code).to.equal(1);
    expect(missing.stderr).to.include("SLUICE_CONFIG_NOT_FOUND").and.include("proxy.config.ts");
    folder.write("proxy.config.ts", echoOn(0, "const broken = ;"));
    const broken = await runCli(cleanup, folder, "start");
    expect(broken.code).to.equal(1);
    expect(broken.stderr).to.include("proxy.config.ts:4:16").and.include("SLUICE_CONFIG_SYNTAX");
    expect(broken.stderr, "the code frame").to.include("> 4 | const broken = ;");
  });

  it("ends cleanly at a SIGTERM that comes during the start", async () => {
    folder.write("proxy.config.ts", echoOn(0, 'console.error("evaluating"); await new Promise(() => setInterval(() => undefined, 1000));'));
    const cli = startCli(cleanup, folder, ["start"]);
    await cli.error("evaluating");
    cli.kill("SIGTERM");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });

  it("refuses to run twice with the same config, before it binds anything", async () => {
    folder.write("proxy.config.ts", echoOn(0));
    await startCli(cleanup, folder, ["start"]).ready();
    const second = await runCli(cleanup, folder, "start");
    expect(second.code).to.equal(1);
    expect(second.stdout).to.equal("");
    expect(second.stderr).to.include("SLUICE_ALREADY_RUNNING");
  });

  it("starts again at once after a kill -9, on the same port, and replaces the control socket that was left behind", async () => {
    folder.write("proxy.config.ts", echoOn(0));
    const killed = startCli(cleanup, folder, ["start"]);
    const { echo = 0 } = await killed.ready();
    killed.kill("SIGKILL");
    await killed.ended();
    folder.write("proxy.config.ts", echoOn(echo));
    expect(await startCli(cleanup, folder, ["start"]).ready()).to.deep.equal({ echo });
    const { code } = await runCli(cleanup, folder, "status");
    expect(code).to.equal(0);
  });
});
