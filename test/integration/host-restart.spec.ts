import { expect } from "chai";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, startCli, type CliFolder } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, exchangeOnce, isRefused } from "../support/exchange.ts";
import { connect, freePort } from "../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const config = (listeners: string): string => `
import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
export default defineConfig({ listeners: { ${listeners} } });
`;

describe("A proxy that was killed [trust]", function () {
  this.timeout(60_000);

  it("binds its port and its unix socket again at once, and replaces the files that were left behind", async () => {
    const folder = createCliFolder(cleanup);
    const port = await freePort();
    const path = join(folder.path, "echo.sock");
    const tcp = `tcp: { listen: "tcp://127.0.0.1:${port}", plugins: [echo()] }`;
    folder.write("proxy.config.ts", config(`${tcp}, unix: { listen: "unix://${path}", plugins: [echo()] }`));
    const first = startCli(cleanup, folder, ["start"]);
    await first.ready();
    const open = cleanup.keep(await connect(port));
    expect(await exchange(open, "open")).to.equal("open");
    first.kill("SIGKILL");
    await first.ended();
    expect(existsSync(path)).to.equal(true);
    const second = startCli(cleanup, folder, ["start"]);
    await second.ready();
    expect(await exchangeOnce(port, "tcp")).to.equal("tcp");
    const client = cleanup.keep(await connect({ path }));
    expect(await exchange(client, "unix")).to.equal("unix");
  });
});

describe("A proxy whose address is taken [trust]", function () {
  this.timeout(60_000);

  it("exits with 1, names the address, the listener and the config, and leaves nothing half-started", async () => {
    const taken = cleanup.keep(await startUpstream("hang"));
    const free = await freePort();
    const folder: CliFolder = createCliFolder(cleanup);
    const good = `good: { listen: "tcp://127.0.0.1:${free}", plugins: [echo()] }`;
    const text = config(`${good},\n  bad: { listen: "tcp://127.0.0.1:${taken.port}", plugins: [echo()] }`);
    folder.write("proxy.config.ts", text);
    const { code, stdout, stderr } = await runCli(cleanup, folder, "start");
    const line = text.split("\n").findIndex((each) => each.includes(`:${taken.port}`)) + 1;
    expect(stderr).to.include(
      `proxy.config.ts:${line}:18: listeners.bad.listen: listener "bad" cannot listen on tcp://127.0.0.1:${taken.port}`,
    );
    expect(code).to.equal(1);
    expect(stdout).to.not.include("ready");
    for (const part of [`127.0.0.1:${taken.port}`, "bad", "proxy.config.ts", "SLUICE_ADDRESS_IN_USE"]) expect(stderr).to.include(part);
    await eventually(async () => expect(await isRefused(free)).to.equal(true));
  });

  it("is refused with both names when two of its listeners have the same address, but not when one is UDP and the other TCP", async () => {
    const port = await freePort();
    const folder = createCliFolder(cleanup);
    folder.write(
      "proxy.config.ts",
      config(
        `one: { listen: "udp://127.0.0.1:${port}", plugins: [echo()] }, two: { listen: "udp://127.0.0.1:${port}", plugins: [echo()] }`,
      ),
    );
    const { code, stderr } = await runCli(cleanup, folder, "check");
    expect(code).to.equal(1);
    expect(stderr).to.match(/SLUICE_ADDRESS_DUPLICATE/);
    expect(stderr).to.include("one").and.to.include("two");
    folder.write(
      "proxy.config.ts",
      config(
        `one: { listen: "udp://127.0.0.1:${port}", plugins: [echo()] }, two: { listen: "tcp://127.0.0.1:${port}", plugins: [echo()] }`,
      ),
    );
    const cli = startCli(cleanup, folder, ["start"]);
    await cli.ready();
    expect(await exchangeOnce(port, "tcp")).to.equal("tcp");
  });
});
