import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { openPage, startBrowser, type WatchedPage } from "../support/browser.ts";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type Cli } from "../support/cli.ts";
import { exchange } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { root } from "../support/repository.ts";
import { connect } from "../support/sockets.ts";

const config = `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";

const shout = definePlugin("shout", () => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase()))),
}));

export default defineConfig({
  admin: { listen: "tcp://127.0.0.1:0" },
  listeners: {
    echo: { listen: "tcp://127.0.0.1:0", plugins: [shout(), echo()] },
    odd: { listen: "udp://127.0.0.1:0", plugins: [echo()] },
  },
});
`;

describe("the admin page, in a real Chromium,", function () {
  this.timeout(120_000);
  const everything = createCleanup();
  const cleanup = createCleanup();
  let browser: Browser;

  before(async function () {
    browser = await startBrowser(everything, requireTool(this, "chromium"));
  });
  afterEach(() => cleanup.run());
  after(() => everything.run());

  async function start(): Promise<{ url: string; socket: Socket; cli: Cli }> {
    const folder = createCliFolder(cleanup);
    folder.write("proxy.config.ts", config);
    const cli = startCli(cleanup, folder, ["start"]);
    const { echo: port = 0 } = await cli.ready();
    const url = /^admin (\S+)$/m.exec(cli.lines.join("\n"))?.[1] ?? "";
    const socket = await connect(port);
    cleanup.add(() => void socket.destroy());
    return { url, socket, cli };
  }

  async function open(url: string, options: Parameters<typeof openPage>[1] = {}): Promise<WatchedPage> {
    const opened = await openPage(browser, options);
    cleanup.add(() => opened.page.context().close());
    await opened.page.goto(url);
    return opened;
  }

  it("lists the listeners, and keeps the token out of the address bar and of the tab's history", async () => {
    const { url } = await start();
    const { page, complaints, requested } = await open(url);
    await page.getByRole("cell", { name: "echo", exact: true }).first().waitFor();
    expect(await page.getByRole("row").filter({ hasText: "udp://127.0.0.1" }).count()).to.equal(1);
    expect(page.url()).to.not.include("token");
    await page.reload();
    await page.getByRole("cell", { name: "echo", exact: true }).first().waitFor();
    expect(complaints).to.deep.equal([]);
    expect([...new Set(requested)]).to.deep.equal([new URL(url).origin]);
    expect(await page.context().cookies()).to.deep.equal([]);
  });

  it("switches a plugin off and on again on a connection that is open", async () => {
    const { url, socket, cli } = await start();
    expect(await exchange(socket, "hello")).to.equal("HELLO");
    const { page } = await open(url);
    await page.getByRole("link", { name: "echo", exact: true }).first().click();
    const shout = page.getByRole("switch", { name: "shout of echo" });
    expect(await shout.getAttribute("aria-checked")).to.equal("true");
    await shout.click();
    await page.locator('[role="switch"][aria-label="shout of echo"][aria-checked="false"]').waitFor();
    expect(await exchange(socket, "hello")).to.equal("hello");
    await page.getByText("differs from the config").waitFor();
    expect(await page.getByText("1 override").isVisible()).to.equal(true);
    expect(cli.lines).to.include("reloaded generation 2 (1 override)");
    await page.getByRole("button", { name: "Take back" }).click();
    await page.locator('[role="switch"][aria-label="shout of echo"][aria-checked="true"]').waitFor();
    expect(await exchange(socket, "hello")).to.equal("HELLO");
  });

  it("shows the generations, and restores one", async () => {
    const { url, socket } = await start();
    const { page } = await open(url);
    await page.getByRole("link", { name: "echo", exact: true }).first().click();
    await page.getByRole("switch", { name: "shout of echo" }).press("Space");
    await page.locator('[role="switch"][aria-label="shout of echo"][aria-checked="false"]').waitFor();
    await page.getByRole("link", { name: "Generations" }).click();
    await page.getByRole("button", { name: "Restore" }).first().click();
    await page.locator(".generations > li").nth(2).waitFor();
    expect(await exchange(socket, "again")).to.equal("AGAIN");
  });

  it("asks for the token when it has none, or another process's", async () => {
    const { url } = await start();
    const { page } = await open(url.replace(/#.*/, "#token=wrong"));
    await page.getByRole("heading", { name: "This proxy asks for its token" }).waitFor();
    await page.getByLabel("Token, or the whole address").fill(url);
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("cell", { name: "echo", exact: true }).first().waitFor();
  });

  it("says when the proxy is gone, and keeps what it knew", async () => {
    const { url, cli } = await start();
    const { page } = await open(url);
    await page.getByRole("cell", { name: "echo", exact: true }).first().waitFor();
    cli.kill("SIGKILL");
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("cell", { name: "echo", exact: true }).first().isVisible()).to.equal(true);
  });

  for (const [what, width, height] of [
    ["a laptop", 1280, 720],
    ["a phone", 360, 740],
  ] as const) {
    it(`fits on ${what}: nothing is wider than the window`, async () => {
      const { url } = await start();
      const { page } = await open(url, { viewport: { width, height } });
      for (const place of ["#/", "#/listeners/echo", "#/generations"]) {
        await page.goto(`${new URL(url).origin}/${place}`);
        await page.locator("h1").first().waitFor();
        // A function of the page's: it is sent as text.
        const wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        expect(wider, place).to.equal(0);
      }
    });
  }

  it("is small", () => {
    const assets = join(root, "dist/core/admin/page/assets");
    const files = readdirSync(assets);
    expect(files).to.have.length.greaterThan(1);
    const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(assets, file))).length, 0);
    expect(size).to.be.below(150 * 1024);
  });
});
