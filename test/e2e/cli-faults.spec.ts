import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type CliFolder } from "../support/cli.ts";
import { closeOf, connect, readBytes } from "../support/sockets.ts";

const boom = `import { definePlugin } from "sluice";
import { each } from "sluice/flow";

interface Told { readonly words?: { readonly first: string } }

export const boom = definePlugin("boom", () => ({
  fromClient: (data) => data.pipe(each((chunk): Buffer => Buffer.from(({} as Told).words!.first + chunk))),
}));
`;
const place = /my-plugins\/boom\.ts:7:\d+/;
const config = (imports: string, plugins: string): string => `
import { defineConfig } from "sluice";
import { echo, logging } from "sluice/plugins";
${imports}
export default defineConfig({ timeouts: { drain: "1s" }, listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [${plugins}, echo()] } } });
`;

describe("faults of plugins under sluice start", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
  });
  afterEach(() => cleanup.run());

  async function fail(port: number): Promise<void> {
    const socket = await connect(port);
    socket.on("error", () => undefined);
    socket.write("x");
    await closeOf(socket);
  }

  it("are logged with the location in the author's TypeScript, and with the stack only at level debug", async () => {
    folder.write("my-plugins/boom.ts", boom);
    folder.write("proxy.config.ts", config('import { boom } from "./my-plugins/boom.ts";', "logging(), boom()"));
    for (const level of ["info", "debug"]) {
      const cli = startCli(cleanup, folder, ["start", "--log-level", level]);
      const { echo = 0 } = await cli.ready();
      await fail(echo);
      await cli.error(place);
      const records = cli.stderr
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const [fault] = records.filter(({ level: number }) => number === 50);
      expect(fault?.["where"]).to.match(place);
      expect(fault?.["msg"]).to.match(place).and.include("Cannot read properties of undefined");
      expect(fault?.["stack"] === undefined).to.equal(level === "info");
      cli.kill("SIGTERM");
      await cli.ended();
    }
  });

  it("of many sessions are one record with a count", async () => {
    folder.write("my-plugins/boom.ts", boom);
    folder.write("proxy.config.ts", config('import { boom } from "./my-plugins/boom.ts";', "logging(), boom()"));
    const cli = startCli(cleanup, folder, ["start"]);
    const { echo = 0 } = await cli.ready();
    for (let count = 0; count < 50; count++) await fail(echo);
    cli.kill("SIGTERM");
    await cli.ended();
    const told = cli.stderr.split("\n").filter((line) => place.test(line));
    expect(told).to.have.length(2);
    expect(JSON.parse(told[1] ?? "{}")).to.include({ count: 49 });
  });

  it("from node_modules stop nothing, wherever they occur: in a timer, a promise, an event, or as a value that is no error", async () => {
    folder.write("node_modules/stray/package.json", '{ "name": "stray", "version": "1.0.0", "type": "module", "exports": "./index.js" }');
    folder.write(
      "node_modules/stray/index.js",
      `export function stray(events) {
  setTimeout(() => { throw new Error("stray timer"); }, 1);
  setTimeout(() => { throw "stray text"; }, 1);
  setTimeout(() => void Promise.reject(new Error("stray promise")), 1);
  events.subscribe(() => { throw new Error("stray event"); });
  return {};
}
`,
    );
    const imports = `import { definePlugin, EVENTS } from "sluice";
import { stray } from "stray";
const plugin = definePlugin("stray", (_options, inject) => stray(inject(EVENTS)));`;
    folder.write("proxy.config.ts", config(imports, "plugin()"));
    const cli = startCli(cleanup, folder, ["start"]);
    const { echo = 0 } = await cli.ready();
    for (const text of ["first", "again"]) {
      const socket = await connect(echo);
      socket.write(text);
      expect(String(await readBytes(socket, text.length))).to.equal(text);
      socket.destroy();
    }
    for (const what of ["stray timer", "stray text", "stray promise", "stray event"]) {
      await cli.error(what);
    }
    expect(cli.stderr).to.match(/stray\/index\.js:2:\d+/);
    cli.kill("SIGTERM");
    expect((await cli.ended()).code).to.equal(0);
  });
});
