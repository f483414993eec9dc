import { expect } from "chai";
import { readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type Cli, type CliFolder } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { closeOf, connect, readBytes } from "../support/sockets.ts";

/** A plugin that says something at each level whenever a session comes. It is the same in all configs, so it lives on over reloads. */
const talking = `
import { definePlugin, LOGGER } from "sluice";
export const talk = definePlugin("talk", (_options, inject) => {
  const logger = inject(LOGGER);
  logger.debug("made");
  return {
    setup() {
      logger.info("set up");
    },
    admit(arrival) {
      for (const level of ["debug", "info", "warn", "error"]) logger[level]("said at " + level);
      return arrival;
    },
  };
});
`;
const config = (log: string, use = ""): string => `
import { defineConfig } from "sluice";
import { echo, logging } from "sluice/plugins";
import { talk } from "./talk.ts";
export default defineConfig({ log: ${log}, listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [${use}talk(), echo()] } } });
`;

describe("the log of sluice start", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
    folder.write("talk.ts", talking);
  });
  afterEach(() => cleanup.run());

  async function start(log: string, parameters: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<{ cli: Cli; port: number }> {
    folder.write("proxy.config.ts", config(log));
    const cli = startCli(cleanup, folder, ["start", ...parameters], env);
    return { cli, port: (await cli.ready())["echo"] ?? 0 };
  }

  async function session(port: number): Promise<void> {
    const socket = await connect(port);
    socket.write("x");
    await readBytes(socket, 1);
    socket.end();
    await closeOf(socket);
  }

  const said = (text: string): string[] => [...text.matchAll(/said at (\w+)/g)].map((match) => match[1] ?? "");

  const precedence: readonly (readonly [string, string, readonly string[], NodeJS.ProcessEnv, string])[] = [
    ["before the config's SLUICE_LOG_LEVEL's", '{ level: "error" }', [], { SLUICE_LOG_LEVEL: "warn" }, "warn"],
    ["before both --log-level's", '{ level: "error" }', ["--log-level", "debug"], { SLUICE_LOG_LEVEL: "warn" }, "debug"],
  ];
  for (const [name, log, parameters, env, least] of precedence) {
    it(`has a level, and keeps it over a save: ${name}`, async () => {
      const { cli, port } = await start(log, parameters, env);
      const levels = ["debug", "info", "warn", "error"];
      const shown = levels.slice(levels.indexOf(least));
      await session(port);
      await eventually(() => expect(said(cli.stderr)).to.deep.equal(shown));
      folder.write("proxy.config.ts", config('{ level: "info" }'));
      await cli.line(/^reloaded generation 2$/);
      await session(port);
      await eventually(() => expect(said(cli.stderr)).to.deep.equal([...shown, ...shown]));
    });
  }

  for (const workers of [1, 2]) {
    it(`is the config's at the start already, while plugins are set up, with workers: ${workers}`, async () => {
      const made = (text: string): string[] => [...new Set(text.match(/"(?:made|set up)"/g))];
      folder.write("proxy.config.ts", config(`{ level: "debug", file: "start.log" }, workers: ${workers}`));
      const noisy = startCli(cleanup, folder, ["start"]);
      await noisy.ready();
      await eventually(() => expect(made(readFileSync(join(folder.path, "start.log"), "utf8"))).to.deep.equal(['"made"', '"set up"']));
      expect(made(noisy.stderr)).to.deep.equal([]);
      noisy.kill("SIGTERM");
      await noisy.exit;
      folder.write("proxy.config.ts", config(`{ level: "warn" }, workers: ${workers}`));
      const still = startCli(cleanup, folder, ["start"]);
      const { echo = 0 } = await still.ready();
      await session(echo);
      await still.error("said at error");
      expect(made(still.stderr)).to.deep.equal([]);
    });
  }

  it("has the config's level, and changes it with a save, also for plugins that stay", async () => {
    const { cli, port } = await start('{ level: "error" }');
    await session(port);
    folder.write("proxy.config.ts", config('{ level: "debug" }'));
    await cli.line(/^reloaded generation 2$/);
    await session(port);
    await eventually(() => expect(said(cli.stderr)).to.deep.equal(["error", "debug", "info", "warn", "error"]));
  });

  it("is at level info unless something else is said, one JSON object per line if it is not a terminal, and readable lines if the config says so", async () => {
    const { cli, port } = await start("{}");
    await session(port);
    await cli.error("said at error");
    expect(said(cli.stderr)).to.deep.equal(["info", "warn", "error"]);
    const [line = ""] = cli.stderr.split("\n").filter((text) => text.includes("said at info"));
    expect(JSON.parse(line)).to.include({ level: 30, listener: "echo", plugin: "talk", msg: "said at info" });
    folder.write("proxy.config.ts", config('{ format: "line" }'));
    await cli.line(/^reloaded generation 2$/);
    await session(port);
    await cli.error(/^\d\d:\d\d:\d\d\.\d{3} {2}warn {3}echo\/talk {2}said at warn$/m);
  });

  it("goes to a file that no other user may read, relative to the config's folder, and back to standard error with a save", async () => {
    const { cli, port } = await start('{ file: "a.log" }');
    await session(port);
    const file = join(folder.path, "a.log");
    await eventually(() => expect(said(readFileSync(file, "utf8"))).to.deep.equal(["info", "warn", "error"]));
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(said(cli.stderr)).to.deep.equal([]);
    folder.write("proxy.config.ts", config("{}"));
    await cli.line(/^reloaded generation 2$/);
    await session(port);
    await cli.error("said at error");
    expect(said(readFileSync(file, "utf8"))).to.have.length(3);
  });

  it("opens its file again on SIGHUP, also when the config is refused", async () => {
    const { cli, port } = await start('{ file: "a.log" }');
    const file = join(folder.path, "a.log");
    for (const [round, text] of ["export default 1;", config('{ file: "a.log" }')].entries()) {
      await session(port);
      await eventually(() => expect(said(readFileSync(file, "utf8"))).to.deep.equal(["info", "warn", "error"]));
      renameSync(file, `${file}.${round}`);
      folder.write("proxy.config.ts", text);
      cli.kill("SIGHUP");
      await cli.line(round === 0 ? /^refused: / : /^reloaded generation/);
      await eventually(() => expect(statSync(file).isFile()).to.equal(true));
    }
  });

  it("does not wait when the disk is full", async () => {
    const { cli, port } = await start('{ file: "/dev/full" }');
    for (let count = 0; count < 20; count++) {
      await session(port);
    }
    cli.kill("SIGTERM");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });

  it("refuses what cannot be meant, with the path of each option", async () => {
    folder.write("proxy.config.ts", config('{ level: "loud", format: "xml", file: 1, lvel: 1 }'));
    const cli = startCli(cleanup, folder, ["start"]);
    expect((await cli.ended()).code).to.equal(1);
    for (const message of [/log\.level: .*"trace"/, /log\.format/, /log\.file/, /log\.lvel: unknown option, did you mean "level"/])
      expect(cli.stderr).to.match(message);
  });

  it("refuses a file that it cannot open", async () => {
    folder.write("proxy.config.ts", config('{ file: "none/a.log" }'));
    const cli = startCli(cleanup, folder, ["start"]);
    expect((await cli.ended()).code).to.equal(1);
    expect(cli.stderr).to.match(/proxy\.config\.ts: log\.file: cannot be opened for appending: ENOENT/);
  });

  it("refuses a SLUICE_LOG_LEVEL that is not a level", async () => {
    folder.write("proxy.config.ts", config("{}"));
    const cli = startCli(cleanup, folder, ["start"], { SLUICE_LOG_LEVEL: "loud" });
    expect((await cli.ended()).code).to.equal(1);
    expect(cli.stderr).to.include("SLUICE_LOG_LEVEL: expected one of trace").and.include("SLUICE_CONFIG_INVALID");
  });
});
