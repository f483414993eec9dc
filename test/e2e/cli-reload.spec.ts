import { expect } from "chai";
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { eventOf } from "../support/bounded.ts";
import { createCleanup, type Cleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, startCli, type Cli, type CliFolder } from "../support/cli.ts";
import { connect, portOf, readBytes } from "../support/sockets.ts";
import { statusOf } from "../support/status-of.ts";

const mark = (letter: string): string => `
import { definePlugin } from "sluice";
import { each } from "sluice/flow";
export const mark = definePlugin("mark", () => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from("${letter}"), chunk]))),
}));
`;

interface Parts {
  readonly plugins?: string;
  readonly more?: string;
  readonly before?: string;
}

const config = ({ plugins = "echo()", more = "", before = "" }: Parts): string => `
import { defineConfig, definePlugin } from "sluice";
import { echo } from "sluice/plugins";
import { mark } from "./mark.ts";
${before}
export default defineConfig({ listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [${plugins}] }, ${more} } });
void [definePlugin, mark];
`;

async function says(socket: Socket, answer: string): Promise<void> {
  socket.write("x");
  expect(String(await readBytes(socket, answer.length))).to.equal(answer);
}

/** Starts with `mark` in a file of its own, which is not in use yet. */
async function startMarked(cleanup: Cleanup): Promise<{ readonly folder: CliFolder; readonly cli: Cli; readonly port: number }> {
  const folder = createCliFolder(cleanup);
  folder.write("mark.ts", mark("A"));
  folder.write("proxy.config.ts", config({}));
  const cli = startCli(cleanup, folder, ["start"]);
  const { echo = 0 } = await cli.ready();
  return { folder, cli, port: echo };
}

describe("a save while sluice runs", function () {
  this.timeout(60_000);
  const lasting = createCleanup();
  const cleanup = createCleanup();
  let folder: CliFolder;
  let cli: Cli;
  let open: Socket;
  let port: number;

  before(async () => {
    ({ folder, cli, port } = await startMarked(lasting));
  });
  after(() => lasting.run());
  beforeEach(async () => {
    open = await connect(port);
    cleanup.add(() => void open.destroy());
    await says(open, "x");
  });
  // Each finds the first config.
  afterEach(async () => {
    await cleanup.run();
    if (readFileSync(join(folder.path, "proxy.config.ts"), "utf8") === config({})) return;
    folder.write("proxy.config.ts", config({}));
    await cli.line(/^reloaded generation \d+$/);
  });

  it("toggles a plugin on an open connection, with one line per save", async () => {
    const earlier = cli.lines.length;
    folder.write("proxy.config.ts", config({ plugins: "mark(), echo()" }));
    await cli.line(/^reloaded generation 2$/);
    await says(open, "Ax");
    folder.write("proxy.config.ts", config({ plugins: "mark({ enabled: false }), echo()" }));
    await cli.line(/^reloaded generation 3$/);
    await says(open, "x");
    expect(cli.lines.slice(earlier)).to.deep.equal(["reloaded generation 2", "reloaded generation 3"]);
  });

  it("that cannot be applied to an open connection says so on its line, and the next valid save applies to it", async () => {
    folder.write("proxy.config.ts", config({ plugins: "mark(), echo()" }));
    await cli.line(/^reloaded generation \d+$/);
    await says(open, "Ax");
    folder.write(
      "mark.ts",
      `import { definePlugin } from "sluice";
       export const mark = definePlugin("mark", () => ({ fromUpstream: () => { throw new Error("boom"); } }));`,
    );
    await cli.line(/^reloaded generation \d+ \(1 session stays on generation \d+: plugin "mark": boom\)$/);
    await says(open, "Ax");
    folder.write("mark.ts", mark("B"));
    await cli.line(/^reloaded generation \d+$/);
    await says(open, "Bx");
  });

  it("of a plugin's own source takes effect on an open connection", async () => {
    folder.write("proxy.config.ts", config({ plugins: "mark(), echo()" }));
    await cli.line(/^reloaded/);
    folder.write("mark.ts", mark("C"));
    await cli.line(/^reloaded/);
    await says(open, "Cx");
  });

  it("that imports a package which is not installed is refused, and takes effect once the package is complete", async () => {
    folder.write("proxy.config.ts", config({ before: 'import { on } from "late";', plugins: "mark({ enabled: on }), echo()" }));
    await cli.line(/^refused: .*: cannot find the package "late"/);
    folder.write("node_modules/late/package.json", '{ "name": "late", "type": "module", "main": "./lib/index.js" }');
    await cli.line(/^refused: .*: cannot load "late": the module that .*package\.json names does not exist/);
    folder.write("node_modules/late/lib/index.js", "export const on = true;");
    await cli.line(/^reloaded generation \d+$/);
    await says(open, "Cx");
  });

  it("binds a new listener and closes a removed one, whose open connections continue", async () => {
    folder.write("proxy.config.ts", config({ more: `second: { listen: "tcp://127.0.0.1:0", plugins: [echo()] }` }));
    await cli.line(/^reloaded/);
    const { listeners } = await statusOf(folder);
    const url = new URL(listeners.find(({ name }) => name === "second")?.url ?? "");
    const second = cleanup.keep(await connect(Number(url.port)));
    await says(second, "x");
    folder.write("proxy.config.ts", config({}));
    await cli.line(/^reloaded/);
    await says(second, "x");
    const refused = await connect(Number(url.port)).catch((error: NodeJS.ErrnoException) => error.code);
    expect(refused).to.equal("ECONNREFUSED");
  });

  it("that asks for a taken port is refused with the address, and nothing of it is applied", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    const taken = `taken: { listen: "tcp://127.0.0.1:${portOf(server)}", plugins: [echo()] }`;
    folder.write("proxy.config.ts", config({ plugins: "mark(), echo()", more: taken }));
    const [line] = await cli.line(/^refused: .*/);
    expect(line)
      .to.include(`127.0.0.1:${portOf(server)}`)
      .and.include("SLUICE_ADDRESS_IN_USE")
      .and.include("taken");
    await says(open, "x");
  });
});

describe("a reload that is asked for", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let started: Awaited<ReturnType<typeof startMarked>>;

  before(async () => {
    started = await startMarked(cleanup);
  });
  after(() => cleanup.run());

  it("needs no save: SIGHUP and `sluice reload` load everything again", async () => {
    const { cli, folder, port } = started;
    const open = cleanup.keep(await connect(port));
    cli.kill("SIGHUP");
    await cli.line(/^reloaded generation 2$/);
    const { code, stdout } = await runCli(cleanup, folder, "reload");
    expect(code).to.equal(0);
    expect(stdout).to.match(/^reloaded generation 3 in \d+ ms\n +swap +echo /);
    await cli.line(/^reloaded generation 3$/);
    await says(open, "x");
  });

  it("says why a save is refused, with exit code 1", async () => {
    const { cli, folder } = started;
    folder.write("proxy.config.ts", config({ before: "const broken = ;" }));
    await cli.line(/^refused:/);
    const { code, stderr } = await runCli(cleanup, folder, "reload");
    expect(code).to.equal(1);
    expect(stderr).to.include("SLUICE_CONFIG_SYNTAX").and.include("> 5 | const broken = ;");
  });
});

describe("a save while sluice runs,", function () {
  this.timeout(60_000);
  const lasting = createCleanup();
  const cleanup = createCleanup();
  let folder: CliFolder;
  let cli: Cli;
  let port: number;

  before(async () => {
    ({ folder, cli, port } = await startMarked(lasting));
  });
  after(() => lasting.run());
  // Each finds the first config.
  afterEach(async () => {
    await cleanup.run();
    folder.write("proxy.config.ts", config({}));
    await cli.line(/^reloaded generation \d+$/);
  });

  async function opened(): Promise<Socket> {
    return cleanup.keep(await connect(port));
  }

  const refusals: readonly { readonly what: string; readonly parts: Parts; readonly message: RegExp }[] = [
    { what: "a syntax error", parts: { before: "const broken = ;" }, message: /proxy\.config\.ts:5:16: .*SLUICE_CONFIG_SYNTAX/ },
    { what: "an unknown key", parts: { more: "web: { listne: 1 }" }, message: /listeners\.web.*listne.*did you mean "listen"/ },
    {
      what: "an import of nothing",
      parts: { before: 'import "./nothing.ts";' },
      message: /proxy\.config\.ts:5:\d+: .*nothing.*SLUICE_CONFIG_IMPORT/,
    },
    {
      what: "code that throws",
      parts: { before: 'throw new Error("no luck");' },
      message: /proxy\.config\.ts:5:\d+: .*no luck.*SLUICE_CONFIG_THREW/,
    },
    { what: "process.exit()", parts: { before: "process.exit(3);" }, message: /proxy\.config\.ts:5:\d+: .*process\.exit/ },
    {
      what: "process.exit() in a plugin's construction",
      parts: { plugins: "definePlugin('bad', () => process.exit(3))(), echo()" },
      message: /proxy\.config\.ts:\d+:\d+: .*process\.exit/,
    },
    {
      what: "process.exit() in a setup()",
      parts: { plugins: "definePlugin('bad', () => ({ async setup() { await 1; process.exit(3); } }))(), echo()" },
      message: /proxy\.config\.ts:\d+:\d+: .*process\.exit/,
    },
    {
      what: "a setup() that throws",
      parts: { plugins: `definePlugin("bad", () => ({ setup() { throw new Error("no luck"); } }))(), echo()` },
      message: /bad.*no luck.*SLUICE_PLUGIN_SETUP/,
    },
  ];

  for (const { what, parts, message } of refusals) {
    it(`with ${what} is refused on one line, old and new connections are served, and the next valid save applies`, async () => {
      const refused = (): number => cli.lines.filter((each) => each.startsWith("refused:")).length;
      const before = refused();
      const open = await opened();
      await says(open, "x");
      folder.write("proxy.config.ts", config(parts));
      const [line] = await cli.line(/^refused: .*/);
      expect(line).to.match(message);
      await says(open, "x");
      const fresh = await opened();
      await says(fresh, "x");
      folder.write("proxy.config.ts", config({ plugins: "mark(), echo()" }));
      await cli.line(/^reloaded generation \d+$/);
      await says(open, "Ax");
      await says(fresh, "Ax");
      expect(refused() - before).to.equal(1);
    });
  }
});

describe("sluice start --no-watch", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("applies a save only on request", async () => {
    const folder = createCliFolder(cleanup);
    folder.write("mark.ts", mark("A"));
    folder.write("proxy.config.ts", config({}));
    const cli = startCli(cleanup, folder, ["start", "--no-watch"]);
    const { echo = 0 } = await cli.ready();
    folder.write("proxy.config.ts", config({ plugins: "mark(), echo()" }));
    const { stdout } = await runCli(cleanup, folder, "plan");
    expect(stdout, "what is not applied yet").to.match(/ swap +echo /);
    cli.kill("SIGHUP");
    await cli.line(/^reloaded generation 2$/);
    const socket = cleanup.keep(await connect(echo));
    socket.write("x");
    expect(String(await readBytes(socket, 2))).to.equal("Ax");
    expect(cli.lines.filter((line) => line.startsWith("reloaded"))).to.have.lengthOf(1);
  });
});
