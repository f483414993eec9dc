import { expect } from "chai";
import { once } from "node:events";
import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { cliMain, createCliFolder, startCliBy, type Cli, type CliFolder } from "../support/cli.ts";
import { requireTool } from "../support/external-tool.ts";
import { ask } from "../support/http-client.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";
import { mustRun, runTool, temporaryFolder } from "../support/real-peer.ts";
import { readText, root } from "../support/repository.ts";
import { connect, portOf, readAll } from "../support/sockets.ts";
import { settingsOf } from "../support/unit-file.ts";

const source = "docs/deploy/systemd";
const units = ["sluice.service", "sluice-web.socket", "sluice-secure.socket"];

describe("the units for systemd", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const service = settingsOf(readText(`${source}/sluice.service`));
  const sockets = units.slice(1).map((file) => ({ file, settings: settingsOf(readText(`${source}/${file}`)) }));
  const names = sockets.map(({ settings }) => settings.get("FileDescriptorName")?.[0] ?? "");

  describe("checked by systemd-analyze", () => {
    let file: string;
    let folder: string;
    before(function () {
      file = requireTool(this, "systemd-analyze");
    });
    beforeEach(() => {
      folder = temporaryFolder(cleanup);
      for (const unit of units) cpSync(join(root, source, unit), join(folder, unit));
      // Where the program lies differs; whether it is there is not what is asked.
      const here = readText(`${source}/sluice.service`).replace("/usr/bin/node", process.execPath);
      writeFileSync(join(folder, "sluice.service"), here);
    });
    const verify = async (): Promise<string> => {
      const { stdout, stderr } = await runTool(file, ["verify", ...units.map((unit) => `./${unit}`)], { cwd: folder });
      return stdout + stderr;
    };

    it("have no errors", async () => {
      expect(await verify()).to.equal("");
    });

    it("have an error if a setting is misspelt", async () => {
      writeFileSync(join(folder, units[1] ?? ""), `${readText(`${source}/${units[1]}`)}\n[Socket]\nListenStraem=1\n`);
      expect(await verify()).to.include("ListenStraem");
    });

    it("expose little to an attacker", async () => {
      await mustRun(file, ["security", "--offline=true", "--threshold=20", "./sluice.service"], { cwd: folder });
    });
  });

  it("refer to each other", () => {
    expect(service.get("Sockets")).to.deep.equal([sockets.map(({ file }) => file).join(" ")]);
    for (const { settings } of sockets) expect(settings.get("Service")).to.deep.equal(["sluice.service"]);
    const config = readText(`${source}/proxy.config.ts`);
    expect([...config.matchAll(/fd(?:\+tls)?:\/\/(\w+)/g)].map(([, name]) => name)).to.deep.equal(names);
    expect(readdirSync(join(root, source))).to.have.members([...units, "proxy.config.ts"]);
    const drain = Number(/drain: "(\d+)s"/.exec(config)?.[1]);
    expect(Number(service.get("TimeoutStopSec")?.[0])).to.be.at.least(drain + 5);
  });

  describe("by systemd's protocol, simulated by the test", () => {
    let folder: CliFolder;
    let ports: number[];
    let cli: Cli;

    /** A shell is systemd here: it holds the sockets, also while no process is there that accepts, and starts one again that failed. */
    const systemd = `until sh -c 'export LISTEN_PID=$$; echo "process $$"; exec "$@"' sh "$@"; do :; done`;

    beforeEach(async () => {
      folder = createCliFolder(cleanup);
      const upstream = await startHttpUpstream(cleanup, telling("behind"));
      const { cert, key } = await createCertificate("localhost");
      folder.write("cert.pem", cert);
      folder.write("key.pem", key);
      const config = readText(`${source}/proxy.config.ts`).replaceAll("/etc/sluice/", "").replaceAll("127.0.0.1:3000", upstream.endpoint);
      folder.write("proxy.config.ts", config);
      const held = await Promise.all(names.map(() => listening()));
      ports = held.map(({ port }) => port);
      const [execStart = ""] = service.get("ExecStart") ?? [];
      const [node, , ...parameters] = execStart.split(" ");
      expect(node).to.equal("/usr/bin/node");
      const command = ["/bin/sh", "-c", systemd, "sh", process.execPath, cliMain, ...parameters];
      const environment = { LISTEN_FDS: String(names.length), LISTEN_FDNAMES: names.join(":"), XDG_RUNTIME_DIR: temporaryFolder(cleanup) };
      cli = startCliBy({ command, descriptors: held.map(({ fd }) => fd) }, cleanup, folder.path, environment);
      cleanup.add(() => kill("SIGKILL"));
      for (const { server } of held) server.close();
      await cli.line(/^ready$/);
    });

    async function listening(): Promise<{ server: Server; port: number; fd: number }> {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
      return { server, port: portOf(server), fd };
    }

    /** Of the proxy's process, not of its starter. */
    const kill = (signal: NodeJS.Signals): void => {
      const processes = cli.lines.flatMap((line) => /^process (\d+)$/.exec(line)?.slice(1) ?? []);
      try {
        process.kill(Number(processes.at(-1)), signal);
      } catch {
        // It has ended.
      }
    };
    const nameBehind = async (port = 0, secure = false): Promise<string> => (await ask(port, { secure })).told.name;

    it("serves both sockets, reloads at ExecReload's signal, and stops at SIGTERM", async () => {
      const [web, secure] = ports;
      expect([await nameBehind(web), await nameBehind(secure, true)]).to.deep.equal(["behind", "behind"]);
      expect(service.get("ExecReload")).to.deep.equal(["/bin/kill -HUP $MAINPID"]);
      kill("SIGHUP");
      await cli.line(/^reloaded generation 2$/);
      expect([await nameBehind(web), await nameBehind(secure, true)]).to.deep.equal(["behind", "behind"]);
      kill("SIGTERM");
      expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    });

    it("refuses no client while it is killed and started again", async () => {
      const [web, secure] = ports;
      expect(service.get("Restart")).to.deep.equal(["on-failure"]);
      kill("SIGKILL");
      // Nobody accepts now: whoever comes waits in the socket's queue.
      const waiting = await Promise.all(ports.map((port) => connect(port)));
      for (const socket of waiting) cleanup.add(() => void socket.destroy());
      waiting[0]?.write("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
      await cli.line(/^ready$/);
      expect(String(await readAll(waiting[0] as Socket))).to.include("behind");
      expect([await nameBehind(web), await nameBehind(secure, true)]).to.deep.equal(["behind", "behind"]);
    });
  });
});
