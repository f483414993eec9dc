import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { eventOf } from "../support/bounded.ts";
import type { WatchedPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { root } from "../support/repository.ts";
import { closeOf, connect, readBytes } from "../support/sockets.ts";
import { pageSuite, sessionOf, startWithPage, type PageSuite, type WithPage } from "../support/with-page.ts";

describe("the admin page, in a real Chromium,", function () {
  this.timeout(120_000);
  const suite = pageSuite();
  const { cleanup } = suite;

  async function connectTo({ ports }: WithPage, listener = "echo"): Promise<Socket> {
    return cleanup.keep(await connect(ports[listener] ?? 0));
  }

  /** A proxy for one test, which stops it, or counts what it has. */
  async function startAlone(): Promise<WithPage & { readonly socket: Socket }> {
    const started = await startWithPage(cleanup);
    return { ...started, socket: await connectTo(started) };
  }

  /** The proxy of the suite, with a connection for one test. */
  async function useShared(listener?: string): Promise<WithPage & { readonly socket: Socket }> {
    return { ...suite.proxy, socket: await connectTo(suite.proxy, listener) };
  }

  async function open(url: string, options: Parameters<PageSuite["openPage"]>[0] = {}): Promise<WatchedPage> {
    const opened = await suite.openPage(options);
    await opened.page.goto(url);
    return opened;
  }

  it("lists the listeners, and keeps the token out of the address bar and of the tab's history", async () => {
    const { url } = await useShared();
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

  it("switches a plugin off and on again on an open connection", async () => {
    const { url, socket, cli } = await useShared();
    expect(await exchange(socket, "hello")).to.equal("HELLO");
    const { page } = await open(url);
    await page.getByRole("link", { name: "echo", exact: true }).first().click();
    await page.getByRole("img", { name: "bytes a second of echo, each way, in the last five minutes" }).locator("canvas").waitFor();
    const shout = page.getByRole("switch", { name: "shout of echo" });
    expect(await shout.getAttribute("aria-checked")).to.equal("true");
    await shout.click();
    await page.locator('[role="switch"][aria-label="shout of echo"][aria-checked="false"]').waitFor();
    expect(await exchange(socket, "hello")).to.equal("hello");
    await page.getByText("differs from the config").waitFor();
    expect(await page.getByText("1 override").isVisible()).to.equal(true);
    await cli.line(/^reloaded generation \d+ \(1 override\)$/);
    await page.getByRole("button", { name: "Take back" }).click();
    await page.locator('[role="switch"][aria-label="shout of echo"][aria-checked="true"]').waitFor();
    expect(await exchange(socket, "hello")).to.equal("HELLO");
  });

  it("writes a switch into the config file", async () => {
    const { url, socket, folder } = await startAlone();
    const { page } = await open(url);
    await page.getByRole("link", { name: "echo", exact: true }).first().click();
    await page.getByRole("switch", { name: "shout of echo" }).click();
    await page.getByRole("button", { name: "Write to file" }).click();
    await page.getByText("differs from the config").waitFor({ state: "detached" });
    expect(readFileSync(join(folder.path, "proxy.config.ts"), "utf8")).to.include("shout({ enabled: false })");
    expect(await exchange(socket, "hello")).to.equal("hello");
  });

  it("shows the generations, and restores one", async () => {
    const { url, socket } = await startAlone();
    const { page } = await open(url);
    await page.getByRole("link", { name: "echo", exact: true }).first().click();
    await page.getByRole("switch", { name: "shout of echo" }).press("Space");
    await page.locator('[role="switch"][aria-label="shout of echo"][aria-checked="false"]').waitFor();
    await page.getByRole("link", { name: "Generations" }).click();
    await page.getByRole("button", { name: "Restore" }).first().click();
    await page.locator(".generations > li").nth(2).waitFor();
    expect(await exchange(socket, "again")).to.equal("AGAIN");
  });

  it("lists and filters sessions; for an invalid filter it shows what a filter may contain", async () => {
    const { url, socket } = await startAlone();
    await exchange(socket, "hello");
    const { page } = await open(url);
    await page.getByRole("link", { name: "Sessions" }).click();
    const rows = page.locator(".sessions tbody tr");
    await rows.first().waitFor();
    expect(await rows.count()).to.equal(1);
    await page.getByLabel("Filter").fill("listener:odd");
    await page.getByText("No session is like that.").waitFor();
    await page.getByLabel("Filter").fill("listner:odd");
    await page.getByRole("alert").filter({ hasText: "listener" }).waitFor();
    await page.getByLabel("Filter").fill("state:open bytes>0");
    await rows.first().waitFor();
    const client = page.getByRole("columnheader", { name: "Client", exact: true });
    await page.getByText("Columns").first().click();
    await page.getByRole("checkbox", { name: "Client", exact: true }).uncheck();
    await client.waitFor({ state: "detached" });
    await page.reload();
    await rows.first().waitFor();
    expect(await client.count(), "it is remembered").to.equal(0);
  });

  it("draws the chunks of a session as they pass, before and behind each plugin", async () => {
    const { url, socket } = await useShared();
    await exchange(socket, "first");
    const { page, complaints } = await open(url);
    await page.getByRole("link", { name: "Sessions" }).click();
    await sessionOf(page, socket).click();
    await page.getByRole("heading", { name: "Chunks, live" }).waitFor();
    const behindShout = page.getByRole("button", { name: /from the client, chunk \d+, behind shout: 5 bytes/ });
    // Watching begins once the page's events are open.
    for (let tries = 0; tries < 60 && (await behindShout.count()) === 0; tries += 1) {
      expect(await exchange(socket, "hello")).to.equal("HELLO");
      await behindShout
        .first()
        .waitFor({ timeout: 500 })
        .catch(() => undefined);
    }
    await behindShout.last().press("Enter");
    const dumps = page.locator(".dump");
    await dumps.nth(1).waitFor();
    expect(await dumps.nth(0).innerText()).to.include("68 65 6c 6c 6f");
    expect(await dumps.nth(1).innerText()).to.include("48 45 4c 4c 4f");
    expect(await dumps.nth(1).locator(".differs").count()).to.equal(10);
    expect(await page.getByText("first byte from client").isVisible()).to.equal(true);
    expect(complaints).to.deep.equal([]);
  });

  it("shows the messages in a chunk if a codec is in use, and marks only the bytes that a plugin added", async () => {
    const { url, socket } = await useShared("words");
    await exchange(socket, "one\n", 5);
    const { page } = await open(url);
    await page.getByRole("link", { name: "Sessions" }).click();
    await sessionOf(page, socket).click();
    const behind = page.getByRole("button", { name: /from the client, chunk \d+, behind words: 10 bytes/ });
    for (let tries = 0; tries < 60 && (await behind.count()) === 0; tries += 1) {
      expect(await exchange(socket, "three 45\n", 10)).to.equal("three 45!\n");
      await behind
        .first()
        .waitFor({ timeout: 500 })
        .catch(() => undefined);
    }
    await behind.last().press("Enter");
    await page.getByText("1 message").waitFor();
    expect(await page.locator(".messages li").allInnerTexts()).to.deep.equal(['"three 45!"']);
    // One byte more than before: it alone is marked, in hex and in text.
    expect(await page.locator(".dump").nth(1).locator(".differs").allInnerTexts()).to.deep.equal(["21 ", "!"]);
  });

  it("says why an endpoint is down, since when and for how long", async () => {
    const { url, ports } = await useShared();
    const { page } = await open(url);
    // Each is tried five times before one of the two is out; the other may not be.
    for (let tries = 0; tries < 10; tries += 1) {
      const refused = await connect(ports["gone"] ?? 0);
      refused.on("error", () => undefined).end();
      await closeOf(refused);
    }
    await page.getByText(/^down since \d\d:\d\d:\d\d, for .* more: sessions failed, SLUICE_UPSTREAM_REFUSED$/).waitFor();
  });

  it("holds a direction of a session, releases it, injects into it and ends it", async () => {
    const { url, socket } = await useShared();
    await exchange(socket, "hello");
    const { page } = await open(url);
    await page.getByRole("link", { name: "Sessions" }).click();
    await sessionOf(page, socket).click();
    await page.getByRole("button", { name: "Hold what the client sends" }).click();
    await page.getByRole("button", { name: "Release what the client sends" }).waitFor();
    socket.write("waits");
    await page.getByRole("button", { name: "Release what the client sends" }).click();
    expect((await readBytes(socket, 5)).toString()).to.equal("WAITS");
    await page.getByLabel("As sent by").selectOption("fromUpstream");
    await page.getByLabel("Text to inject").fill("from the page");
    await page.getByRole("button", { name: "Inject" }).click();
    expect((await readBytes(socket, 13)).toString()).to.equal("from the page");
    const ended = eventOf(socket, "end", 15_000);
    socket.on("error", () => undefined);
    await page.getByRole("button", { name: "End it" }).click();
    socket.resume();
    await ended;
    await page.getByText("SLUICE_CLOSED").first().waitFor();
  });

  it("moves a fault by its slider, as an override", async () => {
    const { url } = await useShared();
    const { page } = await open(url);
    await page.getByRole("link", { name: "slow", exact: true }).first().click();
    const slider = page.getByRole("slider", { name: "delay of latency" });
    await slider.fill("200");
    await page.getByText("200 ms").waitFor();
    await page.getByText("differs from the config").waitFor();
    await page.getByRole("button", { name: "Take back" }).click();
    await page.getByText("differs from the config").waitFor({ state: "detached" });
  });

  it("asks for the token when it has none, or the token of another process", async () => {
    const { url } = await useShared();
    const { page } = await open(url.replace(/#.*/, "#token=wrong"));
    await page.getByRole("heading", { name: "This proxy asks for its token" }).waitFor();
    await page.getByLabel("Token, or the whole address").fill(url);
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByRole("cell", { name: "echo", exact: true }).first().waitFor();
  });

  it("says when the proxy is gone, and keeps showing the last data", async () => {
    const { url, cli } = await startAlone();
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
      const { url, socket } = await useShared();
      const { page } = await open(url, { viewport: { width, height } });
      await page.goto(`${new URL(url).origin}/#/sessions`);
      const session = (await sessionOf(page, socket).getAttribute("href")) ?? "";
      expect(session).to.match(/^#\/sessions\/\d+$/);
      for (const place of ["#/", "#/listeners/echo", "#/sessions", session, "#/generations"]) {
        await page.goto(`${new URL(url).origin}/${place}`);
        await page.locator("h1").first().waitFor();
        // A function of the page's: it is sent as text.
        const wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        expect(wider, place).to.equal(0);
      }
    });
  }

  it("shows on a phone which session it is, how it is and what it carried, all in sight", async () => {
    const { url, socket } = await useShared();
    const { page } = await open(url, { viewport: { width: 360, height: 740 } });
    await page.goto(`${new URL(url).origin}/#/sessions`);
    const row = page.locator(".sessions tbody tr").filter({ hasText: `:${socket.localPort}` });
    for (const column of ["Session", "Listener", "State", "Client", "From client", "From upstream", "Lasted"]) {
      const cell = row.locator(`[data-column="${column}"]`);
      await cell.waitFor();
      const box = await cell.boundingBox();
      expect(box === null ? undefined : box.x >= 0 && box.x + box.width <= 360, column).to.equal(true);
    }
  });

  it("is small", () => {
    const assets = join(root, "dist/core/admin/page/assets");
    const files = readdirSync(assets);
    expect(files).to.have.length.greaterThan(1);
    const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(assets, file))).length, 0);
    expect(size).to.be.below(150 * 1024);
  });
});
