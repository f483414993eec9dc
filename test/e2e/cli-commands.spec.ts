import { expect } from "chai";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, startCli, type CliFolder } from "../support/cli.ts";
import { Commands } from "../support/commands.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { readText } from "../support/repository.ts";

const config = (listeners: string): string => `
import { defineConfig } from "sluice";
import { echo, logging } from "sluice/plugins";
export default defineConfig({ plugins: [logging()], listeners: { ${listeners} } });
`;
const echoing = (port: number): string => config(`echo: { listen: "tcp://127.0.0.1:${port}", plugins: [echo()] }`);

interface Failure {
  readonly ok: false;
  readonly error: { readonly code: string; readonly message: string };
}

describe("the command sluice", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
  });
  afterEach(() => cleanup.run());
  const commands = new Commands();
  after(() => commands.end());

  const run = (...parameters: readonly string[]) => commands.run(folder, ...parameters);
  /** For how a process ends, and for configs that leave something behind in it. */
  const runProcess = (...parameters: readonly string[]) => runCli(cleanup, folder, ...parameters);

  it("prints its version, and help for every command", async () => {
    const { version } = JSON.parse(readText("package.json")) as { readonly version: string };
    expect((await runProcess("--version")).stdout).to.include(version);
    const { code, stdout } = await run("--help");
    expect(code).to.equal(0);
    for (const command of ["start", "check", "plan", "reload", "status", "init"])
      expect(stdout).to.match(new RegExp(`^ +${command} `, "m"));
    expect((await run("start", "--help")).stdout).to.match(/^ +--no-watch +Reload only on SIGHUP.*`sluice reload`$/m);
  });

  it("suggests the command or option that the user probably meant, and exits with 1", async () => {
    const command = await runProcess("strat");
    expect(command.code).to.equal(1);
    expect(command.stderr).to.include('unknown command "strat", did you mean "start"?').and.include("SLUICE_USAGE");
    const option = await run("check", "--jsno");
    expect(option.code).to.equal(1);
    expect(option.stderr).to.include('unknown option --jsno, did you mean "--json"?');
    expect((await run("start", "-c")).stderr).to.include("value is missing");
  });

  it("check names the config's option for a missing certificate, and no location in Sluice's own code", async () => {
    const plugins = `[tlsTermination({ cert: "./none.pem", key: "./none.key" })]`;
    folder.write(
      "proxy.config.ts",
      `import { defineConfig } from "sluice";
       import { tlsTermination } from "sluice/plugins";
       export default defineConfig({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "localhost:3000", plugins: ${plugins} } } });`,
    );
    const { code, stderr } = await run("check");
    expect(code).to.equal(1);
    expect(stderr).to.match(/^error: [^:]+proxy\.config\.ts: listeners\.web\.plugins\[0\]: [^:]+none\.pem: cannot read the cert/);
    expect(stderr).to.not.include("key-pair.ts");
  });

  it("check shows the listeners of a good config, and opens nothing", async () => {
    folder.write("proxy.config.ts", config(`web: { listen: "tcp://127.0.0.1:8080", upstream: "localhost:3000" }`));
    const { code, stdout } = await runProcess("check");
    expect(code).to.equal(0);
    expect(stdout).to.equal("good: proxy.config.ts, 1 listener\n  web  tcp://127.0.0.1:8080  to localhost:3000  logging");
    const { stdout: json } = await run("check", "--json");
    const listeners = [{ name: "web", listen: "tcp://127.0.0.1:8080", upstream: ["localhost:3000"], plugins: ["logging"] }];
    expect(JSON.parse(json)).to.deep.equal({ ok: true, listeners, warnings: [] });
  });

  it("check warns of a promise that the config does not handle and that rejects", async () => {
    folder.write("proxy.config.ts", `void Promise.reject(new Error("left alone"));${echoing(0)}`);
    const { code, stdout } = await runProcess("check", "--json");
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.include({ ok: true, warnings: ["a promise was rejected and nobody caught it: left alone"] });
  });

  it("check reads the files that upstream.tls names, and gives the location of their errors", async () => {
    folder.write(
      "proxy.config.ts",
      config(`web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints: ["a:1"], tls: { ca: "./no.pem" } } }`),
    );
    const { code, stderr } = await run("check");
    expect(code).to.equal(1);
    expect(stderr).to.include(`${folder.path}/proxy.config.ts: listeners.web.upstream.tls.ca: ${folder.path}/no.pem: ENOENT`);
  });

  it("check warns of a listener for which neither an upstream nor a plugin answers", async () => {
    folder.write("proxy.config.ts", config(`web: { listen: "tcp://127.0.0.1:8080" }`));
    const { code, stdout } = await run("check");
    expect(code).to.equal(0);
    expect(stdout).to.match(/^warning: listeners\.web: has no upstream/m);
  });

  it("check shows all errors, as text and as JSON, and exits with 1", async () => {
    folder.write("proxy.config.ts", config(`a: { listne: 1 }, b: { listen: "http://x" }`));
    const { code, stdout, stderr } = await runProcess("check");
    expect(code).to.equal(1);
    expect(stdout).to.equal("");
    expect(stderr).to.include('did you mean "listen"').and.include("listeners.b.listen").and.include("proxy.config.ts");
    const machine = await run("check", "--json");
    expect(machine.code).to.equal(1);
    const { error } = JSON.parse(machine.stdout) as Failure;
    expect(error.code).to.equal("SLUICE_CONFIG_INVALID");
    expect(error.message).to.include("listeners.b.listen");
  });

  it("check exits with 1 even if a plugin's construction calls process.exit(0)", async () => {
    folder.write(
      "proxy.config.ts",
      `import { defineConfig, definePlugin } from "sluice";
const bad = definePlugin("bad", () => process.exit(0));
export default defineConfig({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [bad()] } } });
`,
    );
    const { code, stderr } = await runProcess("check");
    expect(stderr).to.match(/proxy\.config\.ts:2:\d+: .*process\.exit/);
    expect(code).to.equal(1);
  });

  it("check runs setup and teardown of the plugins, and exits with 1 when a setup rejects", async () => {
    const withSetup = (setup: string): string => `import { writeFileSync } from "node:fs";
import { defineConfig, definePlugin } from "sluice";
const plugin = definePlugin("mine", () => ({ setup: async () => { ${setup} }, teardown: () => writeFileSync("torn", "") }));
export default defineConfig({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:9", plugins: [plugin()] } } });
`;
    folder.write("proxy.config.ts", withSetup(""));
    expect((await run("check")).code).to.equal(0);
    expect(existsSync(join(folder.path, "torn"))).to.equal(true);
    folder.write("proxy.config.ts", withSetup('throw new Error("no database");'));
    const { code, stderr } = await run("check");
    expect(stderr)
      .to.match(/no database.*SLUICE_PLUGIN_SETUP/s)
      .and.to.include("listeners.web.plugins[0]");
    expect(code).to.equal(1);
  });

  it("check ends even if the config left a timer and a server open", async () => {
    const left = 'import { createServer } from "node:http"; setInterval(() => undefined, 1000); createServer().listen(0, "127.0.0.1");';
    folder.write("proxy.config.ts", left + echoing(0));
    expect((await runProcess("check")).code).to.equal(0);
  });

  it("plan shows what a start would bind or, for a running proxy, what a reload would do, without doing it", async () => {
    folder.write("proxy.config.ts", echoing(0));
    expect((await run("plan")).stdout).to.match(
      /^no proxy runs with this config: a start would\n +bind +echo +binds tcp:\/\/127\.0\.0\.1:0$/,
    );
    const cli = startCli(cleanup, folder, ["start", "--no-watch"]);
    await cli.ready();
    expect((await run("plan")).stdout).to.match(
      /^a save would\n +keep +echo +unchanged\nSIGHUP and `sluice reload` rebuild every pipeline/,
    );
    folder.write("proxy.config.ts", config(`more: { listen: "tcp://127.0.0.1:0", plugins: [echo()] }`));
    const { stdout } = await run("plan", "--json");
    const { running, steps } = JSON.parse(stdout) as { running: boolean; steps: { listener: string; action: string }[] };
    expect(running).to.equal(true);
    expect(steps.map(({ listener, action }) => [action, listener])).to.have.deep.members([
      ["bind", "more"],
      ["drain", "echo"],
    ]);
    expect(cli.lines.filter((line) => line.startsWith("reloaded"))).to.deep.equal([]);
  });

  it("status shows the running proxy, over a socket that only the proxy's user may open", async () => {
    folder.write("proxy.config.ts", echoing(0));
    const cli = startCli(cleanup, folder, ["start"]);
    const { echo = 0 } = await cli.ready();
    expect(statSync(join(folder.path, ".proxy.config.ts.sock")).mode & 0o777).to.equal(0o600);
    const socket = cleanup.keep(await connect(echo));
    socket.write("x");
    await readBytes(socket, 1);
    const { stdout } = await run("status", "--json");
    const status = JSON.parse(stdout) as { generation: number; pid: number; listeners: unknown[] };
    expect(status).to.include({ generation: 1, pid: cli.pid });
    const listener = {
      name: "echo",
      url: `tcp://127.0.0.1:${echo}`,
      transport: "tcp",
      sessions: 1,
      plugins: ["logging", "echo"],
      behind: 0,
    };
    expect(status.listeners).to.deep.equal([listener]);
    expect((await run("status")).stdout).to.match(
      new RegExp(`^generation 1, up .*pid ${cli.pid},[^]*\n +echo +tcp://127.0.0.1:${echo} +1 +logging, echo\n`),
    );
  });

  it("status and reload exit with 1 when no proxy runs, and remove the socket of the previous proxy", async () => {
    folder.write("proxy.config.ts", echoing(0));
    const cli = startCli(cleanup, folder, ["start"]);
    await cli.ready();
    cli.kill("SIGTERM");
    await cli.ended();
    expect(existsSync(join(folder.path, ".proxy.config.ts.sock"))).to.equal(false);
    for (const command of ["status", "reload"]) {
      const { code, stderr } = await run(command);
      expect(code).to.equal(1);
      expect(stderr).to.include("SLUICE_NOT_RUNNING");
    }
    const { error } = JSON.parse((await run("status", "--json")).stdout) as Failure;
    expect(error.code).to.equal("SLUICE_NOT_RUNNING");
  });

  it("reports that a hanging proxy does not answer, with exit code 2", async () => {
    folder.write("proxy.config.ts", echoing(0));
    const cli = startCli(cleanup, folder, ["start"]);
    await cli.ready();
    cli.kill("SIGSTOP");
    const { code, stderr } = await runProcess("status");
    cli.kill("SIGCONT");
    expect(stderr).to.include("SLUICE_NOT_ANSWERING").and.not.include("SLUICE_NOT_RUNNING");
    expect(code).to.equal(2);
  });

  it("reaches a proxy whose config has a path too long for a socket beside it", async () => {
    const deep = `${"deep/".repeat(20)}proxy.config.ts`;
    folder.write(deep, echoing(0));
    const cli = startCli(cleanup, folder, ["start", "-c", deep]);
    await cli.ready();
    expect((await run("status", "-c", deep)).stdout).to.include(`pid ${cli.pid}`);
    cli.kill("SIGTERM");
    await cli.ended();
  });

  it("init writes a config and a plugin that work, and never overwrites", async () => {
    expect((await run("init")).code).to.equal(0);
    const written = readFileSync(join(folder.path, "proxy.config.ts"), "utf8");
    folder.write("proxy.config.ts", written.replace("127.0.0.1:7000", "127.0.0.1:0"));
    const { echo = 0 } = await startCli(cleanup, folder, ["start"]).ready();
    const socket = cleanup.keep(await connect(echo));
    socket.write("hello\n");
    expect(String(await readBytes(socket, 7))).to.equal("HELLO!\n");
    const again = await run("init");
    expect(again.code).to.equal(1);
    expect(again.stderr).to.include("SLUICE_FILE_EXISTS");
    expect(readFileSync(join(folder.path, "proxy.config.ts"), "utf8")).to.include("127.0.0.1:0");
  });

  it("init --plugin adds one plugin with its test to an existing folder, and refuses an invalid name or an unknown template", async () => {
    expect((await run("init", "--template", "codec")).code).to.equal(0);
    const before = readFileSync(join(folder.path, "proxy.config.ts"), "utf8");
    const added = await run("init", "--plugin", "sluice-plugin-black-out");
    expect(added.stdout).to.include("wrote my-plugins/black-out.test.ts").and.include("plugins: [blackOut()]");
    expect(readFileSync(join(folder.path, "my-plugins/black-out.ts"), "utf8")).to.include('definePlugin(\n  "blackOut"');
    expect(readFileSync(join(folder.path, "proxy.config.ts"), "utf8")).to.equal(before);
    const wrong = { "9": "such as", class: "JavaScript", each: "sluice/flow", "black-out": "SLUICE_FILE_EXISTS" };
    for (const [name, said] of Object.entries(wrong)) {
      const { code, stderr } = await run("init", "--plugin", name);
      expect(stderr, name).to.include(said);
      expect(code, name).to.equal(1);
    }
    expect((await run("init", "--plugin", "new", "--template", "bytes")).stderr).to.include("byte, http, faults, codec");
  });

  it("prints plain text when piped, and in colour when FORCE_COLOR asks for it and NO_COLOR does not forbid it", async () => {
    folder.write("proxy.config.ts", echoing(0));
    const coloured = startCli(cleanup, folder, ["check"], { FORCE_COLOR: "1" });
    await coloured.ended();
    expect(coloured.lines[0]).to.include("\u001B[32mgood:\u001B[39m");
    const plain = startCli(cleanup, folder, ["check"], { FORCE_COLOR: "1", NO_COLOR: "1" });
    await plain.ended();
    expect(plain.lines[0]).to.equal("good: proxy.config.ts, 1 listener");
  });
});
