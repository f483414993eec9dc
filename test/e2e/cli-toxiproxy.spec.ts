import { expect } from "chai";
import { Toxiproxy } from "toxiproxy-node-client";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, startCli, type CliFolder } from "../support/cli.ts";

describe("sluice toxiproxy", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
  });
  afterEach(() => cleanup.run());

  it("prints the address of its API, then `ready`, has the proxies of its file, and exits with 0 at SIGTERM", async () => {
    folder.write("toxiproxy.json", JSON.stringify([{ name: "web", listen: "127.0.0.1:0", upstream: "127.0.0.1:9" }]));
    const cli = startCli(cleanup, folder, ["toxiproxy", "--port", "0", "--config", "toxiproxy.json"]);
    const [line] = await cli.line(/^toxiproxy http:\/\/127\.0\.0\.1:\d+$/);
    await cli.line(/^ready$/);
    const proxies = await new Toxiproxy(line.slice("toxiproxy ".length)).getAll();
    expect(Object.keys(proxies)).to.deep.equal(["web"]);
    cli.kill("SIGTERM");
    expect(await cli.exit).to.deep.include({ code: 0 });
  });

  it("reports errors of its port and its file", async () => {
    folder.write("bad.json", "[");
    expect((await runCli(cleanup, folder, "toxiproxy", "--port", "many")).stderr).to.include("--port: expected a number");
    const bad = await runCli(cleanup, folder, "toxiproxy", "--port", "0", "--config", "bad.json");
    expect([bad.code, bad.stderr.includes("SLUICE_CONFIG_SYNTAX")]).to.deep.equal([1, true]);
    const missing = await runCli(cleanup, folder, "toxiproxy", "--port", "0", "--config", "none.json");
    expect([missing.code, missing.stderr.includes("SLUICE_CONFIG_NOT_FOUND")]).to.deep.equal([1, true]);
  });
});
