import { expect } from "chai";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, runCliWith, startCliWith, type Cli, type CliFolder } from "../support/cli.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";

const listener = (name: string, listen: string, mark: string): string =>
  `${name}: { listen: "${listen}", plugins: [mark({ text: "${mark}" }), echo()] }`;
const config = (...listeners: string[]): string => `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const mark = definePlugin("mark", ({ text }: { text: string }) => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(text), chunk]))),
}));
export default defineConfig({ listeners: { ${listeners.join(", ")} } });
`;

/** As systemd holds it: bound and listening, and not accepting. */
interface Held {
  readonly fd: number;
  readonly port: number;
}

describe("sockets of systemd", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
  });
  afterEach(() => cleanup.run());

  const hold = async (): Promise<Held & { letGo(): void }> => {
    const server: Server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const letGo = (): void => void server.close();
    cleanup.add(letGo);
    return { fd: (server as unknown as { _handle: { fd: number } })._handle.fd, port, letGo };
  };
  const start = async (names: readonly string[], text: string): Promise<{ cli: Cli; ports: number[] }> => {
    folder.write("proxy.config.ts", text);
    const held = await Promise.all(names.map(() => hold()));
    const cli = startCliWith(
      held.map(({ fd }, index) => ({ name: names[index] ?? "", fd })),
      cleanup,
      folder,
    );
    // The child has them now, and alone accepts.
    for (const each of held) each.letGo();
    await cli.ready();
    return { cli, ports: held.map(({ port }) => port) };
  };
  const answer = async (port: number, length: number): Promise<string> => {
    const socket = cleanup.keep(await connect(port));
    socket.write("x");
    return String(await readBytes(socket, length));
  };

  it("are served by their names, with their real addresses, also after reloads", async () => {
    const { cli, ports } = await start(["admin", "web"], config(listener("first", "fd://web", "A")));
    const [, web = 0] = ports;
    expect(cli.lines).to.include(`first tcp://127.0.0.1:${web}`);
    expect(await answer(web, 2)).to.equal("Ax");
    folder.write("proxy.config.ts", config(listener("first", "fd://web", "B")));
    await cli.line(/^reloaded generation 2$/);
    expect(await answer(web, 2)).to.equal("Bx");
    folder.write("proxy.config.ts", config(listener("renamed", "fd://web", "C")));
    await cli.line(/^reloaded generation 3$/);
    expect(await answer(web, 2)).to.equal("Cx");
  });

  it("can be removed by one reload, and used again by another", async () => {
    const { cli, ports } = await start(["web", "other"], config(listener("web", "fd://web", "A"), listener("other", "fd://other", "O")));
    const [web = 0, other = 0] = ports;
    folder.write("proxy.config.ts", config(listener("other", "fd://other", "O")));
    await cli.line(/^reloaded generation 2$/);
    const turnedAway = cleanup.keep(await connect(web));
    expect(await readAll(turnedAway)).to.have.length(0);
    expect(await answer(other, 2)).to.equal("Ox");
    folder.write("proxy.config.ts", config(listener("web", "fd://web", "B"), listener("other", "fd://other", "O")));
    await cli.line(/^reloaded generation 3$/);
    expect(await answer(web, 2)).to.equal("Bx");
  });

  it("use TLS with fd+tls://: a connection that does not begin with TLS is closed", async () => {
    const { ports } = await start(
      ["plain", "secure"],
      config(listener("plain", "fd://plain", "A"), listener("secure", "fd+tls://secure", "S")),
    );
    const [plain = 0, secure = 0] = ports;
    expect(await answer(plain, 2)).to.equal("Ax");
    const socket = cleanup.keep(await connect(secure));
    socket.write("GET / HTTP/1.1\r\n\r\n");
    expect(String(await readAll(socket))).to.not.include("GET");
  });

  it("refuse a name that was not passed, and list the names that were passed", async () => {
    folder.write("proxy.config.ts", config(listener("web", "fd://wbe", "A")));
    const { fd } = await hold();
    const cli = startCliWith([{ name: "web", fd }], cleanup, folder);
    expect(await cli.ended()).to.deep.include({ code: 1 });
    expect(cli.stderr)
      .to.include("SLUICE_ADDRESS_UNAVAILABLE")
      .and.to.match(/"wbe".*there are: web /s);
  });

  it("refuse a process that was not activated or for which the sockets are not meant, and invalid names", async () => {
    folder.write("proxy.config.ts", config(listener("web", "fd://web", "A")));
    expect((await runCli(cleanup, folder, "start")).stderr).to.include("not activated by a socket");
    const { stderr } = await runCliWith(cleanup, folder, ["start"], { LISTEN_FDS: "1", LISTEN_FDNAMES: "web", LISTEN_PID: "1" });
    expect(stderr).to.include("passed to process 1, and this is ");
    folder.write("proxy.config.ts", config(listener("web", "fd://a:b", "A")));
    expect((await runCli(cleanup, folder, "check")).stderr).to.include("FileDescriptorName=");
  });
});
