import { expect } from "chai";
import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type CliFolder } from "../support/cli.ts";
import { Commands } from "../support/commands.ts";
import { filesUnder, readText, root } from "../support/repository.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";

const examples = filesUnder("docs/examples", ".config.ts");

describe("the configs that come with sluice", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
    mkdirSync(join(folder.path, "docs/examples"), { recursive: true });
    for (const file of filesUnder("docs/examples", ".ts")) cpSync(join(root, file), join(folder.path, file));
  });
  afterEach(() => cleanup.run());
  const commands = new Commands();
  after(() => commands.end());

  it("are found", () => {
    expect(examples).to.have.lengthOf.at.least(4);
  });

  for (const example of ["proxy.config.ts", ...examples]) {
    it(`${basename(example)} is valid`, async () => {
      const { code, stderr } = await commands.run(folder, "check", "-c", join(root, example));
      expect(stderr).to.equal("");
      expect(code).to.equal(0);
    });
  }

  const onFreePorts = (file: string): string => readText(file).replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:0");

  const request = async (port: number): Promise<string> => {
    const socket = cleanup.keep(await connect(port));
    socket.write("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    return String(await readAll(socket, 10_000));
  };

  it("serve: the default config echoes, and forwards to the upstream that it starts, also after a reload", async () => {
    folder.write("proxy.config.ts", onFreePorts("proxy.config.ts"));
    const cli = startCli(cleanup, folder, ["start"]);
    const ports = await cli.ready();
    expect(Object.keys(ports)).to.deep.equal(["echo", "echo-tls", "echo-udp", "demo"]);
    const socket = cleanup.keep(await connect(ports["echo"] ?? 0));
    socket.write("hello");
    expect(String(await readBytes(socket, 5))).to.equal("hello");
    expect(await request(ports["demo"] ?? 0)).to.include("Hello from the demo upstream behind Sluice: GET /");
    cli.kill("SIGHUP");
    await cli.line(/^reloaded/);
    expect(await request(ports["demo"] ?? 0)).to.include("Hello from the demo upstream");
  });

  for (const name of ["bad-network", "shield", "watch-the-wire"]) {
    it(`serve: ${name} forwards a request`, async () => {
      const file = `docs/examples/${name}.config.ts`;
      folder.write(file, onFreePorts(file));
      const { web = 0 } = await startCli(cleanup, folder, ["start", "-c", file]).ready();
      expect(await request(web)).to.include("Hello from the demo upstream");
    });
  }
});
