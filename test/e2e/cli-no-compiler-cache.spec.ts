import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCliWith, startCliBy, type CliFolder } from "../support/cli.ts";

const config = `
import { defineConfig } from "sluice";
export default defineConfig({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "localhost:3000" } } });
`;
const embedded = `
import { createProxy } from "${new URL("../../core/index.js", import.meta.url).href}";
const proxy = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "localhost:3000" } } });
console.log(proxy.status().listeners.map(({ name }) => name).join());
await proxy.close();
`;

// As with a root that is read-only and a /tmp of another user: no place that swc would unpack its program into.
describe("without a cache for the compiler", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  const nowhere = { HOME: "/dev/null/home", XDG_CACHE_HOME: "/dev/null/cache", TMPDIR: "/dev/null/tmp", SWC_NATIVE_BINDING_CACHE: "" };
  let folder: CliFolder;

  before(function () {
    // Elsewhere other variables say where it goes.
    if (process.platform !== "linux") this.skip();
  });
  beforeEach(() => {
    folder = createCliFolder(cleanup);
  });
  afterEach(() => cleanup.run());

  for (const command of ["check", "start"]) {
    it(`sluice ${command} says what is missing and what to do`, async () => {
      folder.write("proxy.config.ts", config);
      const { code, stderr } = await runCliWith(cleanup, folder, [command], nowhere);
      expect(code).to.equal(1);
      expect(stderr)
        .to.match(/proxy\.config\.ts: swc, which is to compile it, cannot be loaded: SWC native addon: .*cache/)
        .and.include("SLUICE_COMPILER_UNAVAILABLE")
        .and.include("SWC_NATIVE_BINDING_CACHE")
        .and.not.include("SLUICE_INTERNAL");
    });
  }

  it("a program that gives createProxy() a config object runs, because nothing must be compiled", async () => {
    const command = [process.execPath, "--input-type=module", "--eval", embedded];
    const cli = startCliBy({ command }, cleanup, folder.path, nowhere);
    expect((await cli.ended()).code, cli.stderr).to.equal(0);
    expect(cli.lines).to.include("web");
  });
});
