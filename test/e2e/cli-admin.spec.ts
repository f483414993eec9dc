import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, startCli, type Cli, type CliFolder } from "../support/cli.ts";
import { Commands } from "../support/commands.ts";
import { connect, freePort, readBytes } from "../support/sockets.ts";
import { AdminApi } from "../support/with-admin.ts";

const config = (rest = "", plugins = "mark()"): string => `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const mark = definePlugin("mark", () => ({ fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from("A"), chunk]))) }));
export default defineConfig({ listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [${plugins}, echo()] } }, ${rest} });
`;

describe("sluice start --admin", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  // One process for the commands that ask the running proxy.
  const commands = new Commands();
  let folder: CliFolder;
  let cli: Cli;

  const adminUrl = async (): Promise<string> => (await cli.line(/^admin (\S+)$/))[1] ?? "";
  const start = async (...options: string[]): Promise<string> => {
    cli = startCli(cleanup, folder, ["start", ...options]);
    const url = await adminUrl();
    await cli.line(/^ready$/);
    return url;
  };
  const openEcho = async (): Promise<Socket> => {
    const line = cli.lines.find((each) => each.startsWith("echo tcp://")) ?? "";
    return cleanup.keep(await connect(Number(line.split(":").at(-1))));
  };
  const says = async (socket: Socket, answer: string): Promise<void> => {
    socket.write("x");
    expect(String(await readBytes(socket, answer.length))).to.equal(answer);
  };

  beforeEach(() => {
    folder = createCliFolder(cleanup);
    folder.write("proxy.config.ts", config());
  });
  afterEach(() => cleanup.run());
  after(() => commands.end());

  it("prints the page's address before `ready`, and toggles a plugin on an open connection, with the line of a toggle", async () => {
    const url = await start("--admin=127.0.0.1:0");
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}$/);
    const api = new AdminApi(url);
    const open = await openEcho();
    await says(open, "Ax");
    expect((await api.call("PATCH", "listeners/echo/plugins/mark", { json: { enabled: false } })).status).to.equal(200);
    await cli.line(/^reloaded generation 2 \(1 override\)$/);
    await says(open, "x");
    folder.write("proxy.config.ts", `${config()}// saved`);
    await cli.line(/^reloaded generation 3 \(1 override\)$/);
    await says(open, "x");
    expect((await api.call("DELETE", "overrides/echo/mark")).status).to.equal(200);
    await cli.line(/^reloaded generation 4$/);
    await says(open, "Ax");
    expect((await api.call("POST", "plan", { json: {} })).status).to.equal(200);
    expect((await api.call("POST", "reload", { json: {} })).value).to.include({ generation: 5 });
  });

  it("accepts tcp:// and unix:// too, overrides the config, and works beside a config argument", async () => {
    folder.write("other.config.ts", config(`admin: { listen: "tcp://127.0.0.1:1", token: "the-config's-token" }`));
    const url = await start("other.config.ts", "--admin=tcp://127.0.0.1:0");
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d{2,}\/#token=the-config's-token$/);
    const { code } = await runCli(cleanup, folder, "start", "--admin=udp://127.0.0.1:1");
    expect(code).to.equal(1);
    const wrong = await runCli(cleanup, folder, "start", "--admin=nonsense");
    expect([wrong.code, wrong.stderr.includes("--admin: expected")]).to.deep.equal([1, true]);
    const unix = startCli(cleanup, folder, ["start", `--admin=unix://${folder.path}/a.sock`]);
    await unix.line(new RegExp(`^admin unix://${folder.path}/a.sock/?#token=`));
  });

  it("is also controlled by a save, which starts, moves and stops the server, and is refused if the port is taken", async () => {
    cli = startCli(cleanup, folder, ["start"]);
    await cli.line(/^ready$/);
    expect(cli.lines.some((line) => line.startsWith("admin"))).to.equal(false);
    folder.write("proxy.config.ts", config(`admin: { listen: "tcp://127.0.0.1:0" }`));
    const first = new AdminApi(await adminUrl());
    await cli.line(/^reloaded generation 2$/);
    expect((await first.call("GET", "status")).status).to.equal(200);
    const port = await freePort();
    folder.write("proxy.config.ts", config(`admin: { listen: "tcp://127.0.0.1:${port}" }`));
    const second = new AdminApi(await adminUrl());
    await cli.line(/^reloaded generation 3$/);
    expect([second.port, second.token]).to.deep.equal([port, first.token]);
    expect((await second.call("GET", "status")).status).to.equal(200);
    const open = await openEcho();
    const taken = Number((cli.lines.find((each) => each.startsWith("echo tcp://")) ?? "").split(":").at(-1));
    folder.write("proxy.config.ts", config(`admin: { listen: "tcp://127.0.0.1:${taken}" }`));
    expect((await cli.line(/^refused: (.*)$/))[1])
      .to.include("the admin server cannot listen on")
      .and.include("SLUICE_ADDRESS_IN_USE");
    expect((await second.call("GET", "status")).status).to.equal(200);
    folder.write("proxy.config.ts", config());
    await cli.line(/^reloaded generation 4$/);
    await says(open, "Ax");
    let refused = "";
    await second.call("GET", "status").catch((error: unknown) => (refused = String(error)));
    expect(refused).to.include("ECONNREFUSED");
  });

  it("is not needed for sluice toggle and sluice set, which use the control socket", async () => {
    folder.write(
      "proxy.config.ts",
      `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
import { z } from "zod";
const say = definePlugin("say", ({ text }) => ({ fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(text), chunk]))) }), z.object({ text: z.string().default("A") }));
export default defineConfig({ listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [say(), echo()] } } });`,
    );
    cli = startCli(cleanup, folder, ["start"]);
    await cli.ready();
    const open = await openEcho();
    await says(open, "Ax");
    expect((await commands.run(folder, "toggle", "echo/say")).stdout).to.equal("reloaded generation 2: echo/say is off");
    await cli.line(/^reloaded generation 2 \(1 override\)$/);
    await says(open, "x");
    const status = async (): Promise<string> => (await commands.run(folder, "status")).stdout;
    expect(await status()).to.match(/^generation 2 \(1 override\), up [^]*\n {2}override {2}is\n {2}echo\/say {2}off\n/);
    expect((await commands.run(folder, "toggle", "echo/say", "on")).code).to.equal(0);
    expect((await commands.run(folder, "set", "echo/say", "text=B")).code).to.equal(0);
    await says(open, "Bx");
    expect(await status()).to.match(/^ {2}echo\/say {2}text="B"$/m);
    for (const [words, message] of [
      [["toggle", "echo"], "LISTENER/PLUGIN"],
      [["toggle", "echo/say", "maybe"], "expected on, off or config"],
      [["toggle", "echo/none"], "SLUICE_ADMIN_UNKNOWN"],
      [["set", "echo/say", "txt=B"], "did you mean"],
      [["set", "echo/say", "__proto__=1"], '"__proto__" is the name of no option'],
      [["set", "echo/say", "text.__proto__.more=1"], '"__proto__" is the name of no option'],
      [["set", "echo/say"], "option=value"],
      [["set", "echo/say", "enabled=false"], "enabled: is no option of the plugin: switch the plugin with `sluice toggle`"],
      [["set", "echo/say", "onError=bypass"], "onError: is no option of the plugin: change it in the config"],
      [["set", "echo/echo", "delay=5"], "delay: unknown option: it takes none"],
    ] as const) {
      const wrong = await commands.run(folder, ...words);
      expect([words, wrong.code, wrong.stderr.includes(message)], wrong.stderr).to.deep.equal([words, 1, true]);
    }
    await says(open, "Bx");
    expect((await commands.run(folder, "toggle", "echo/say", "config")).stdout).to.match(
      /^reloaded generation \d+: echo\/say is as in the config$/,
    );
    await says(open, "Ax");
    expect((await commands.run(folder, "toggle", "echo/say", "off")).code).to.equal(0);
    const { stdout } = await commands.run(folder, "set", "echo/say", "text=B");
    expect(stdout).to.match(/^reloaded generation \d+: echo\/say has text=B, and is off: sluice toggle echo\/say on$/);
    await says(open, "x");
  });
});
