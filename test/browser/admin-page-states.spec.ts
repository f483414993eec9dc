import { expect } from "chai";
import type { Socket } from "node:net";
import type { Page } from "playwright-core";
import type { ProxyStatus } from "../../core/runtime/proxy/proxy-status.ts";
import { exchange } from "../support/exchange.ts";
import { connect } from "../support/sockets.ts";
import { startCli } from "../support/cli.ts";
import { pageSuite, restartable, sessionOf, type WithPage } from "../support/with-page.ts";

describe("the admin page, in a real Chromium, when something is missing or wrong,", function () {
  this.timeout(120_000);
  const suite = pageSuite();
  const { cleanup } = suite;

  async function open(url: string, place = ""): Promise<Page> {
    const { page } = await suite.openPage();
    await page.goto(url);
    await page.getByText("generation", { exact: false }).first().waitFor();
    await page.goto(`${new URL(url).origin}/#/${place}`);
    return page;
  }

  async function talk({ ports }: WithPage, listener = "echo"): Promise<Socket> {
    const socket = cleanup.keep(await connect(ports[listener] ?? 0));
    await exchange(socket, "hello");
    return socket;
  }

  it("tells an answer that is an error from no answer, and goes on when answers are right again", async () => {
    const page = await open(suite.proxy.url);
    const error = { code: "SLUICE_INTERNAL", message: "something broke" };
    await page.route("**/api/v1/status", (route) => route.fulfill({ status: 500, json: { error } }));
    const alert = page.getByRole("alert");
    await alert
      .filter({ hasText: "answers with an error: what you see is what it said last" })
      .filter({ hasText: "something broke" })
      .waitFor();
    await page.unroute("**/api/v1/status");
    await alert.waitFor({ state: "detached" });
  });

  it("says that it goes on asking while there was no answer yet", async () => {
    const { page } = await suite.openPage();
    await page.route("**/api/v1/**", (route) => route.abort());
    await page.goto(suite.proxy.url);
    await page.getByRole("alert").filter({ hasText: "does not answer: this page goes on asking" }).waitFor();
    await page.unroute("**/api/v1/**");
    await page.getByRole("cell", { name: "echo", exact: true }).first().waitFor();
  });

  it("shows endpoints that are down first, and all of many only when they are asked for", async () => {
    const page = await open(suite.proxy.url);
    await page.route("**/api/v1/status", async (route) => {
      const response = await route.fetch();
      const json = (await response.json()) as ProxyStatus;
      const up = { listener: "gone", state: "up", sessions: 0, failures: 0 };
      const many = Array.from({ length: 40 }, (_, at) => ({ ...up, endpoint: `10.0.0.${at}:80` }));
      const down = { ...up, endpoint: "10.0.1.1:80", state: "down", why: "failures", code: "SLUICE_UPSTREAM_REFUSED", since: Date.now() };
      await route.fulfill({ response, json: { ...json, upstreams: [...many, down] } });
    });
    const rows = page.locator("section", { has: page.getByRole("heading", { name: "Upstreams" }) }).locator("tbody tr");
    await rows.first().filter({ hasText: "10.0.1.1:80" }).filter({ hasText: "down since" }).waitFor();
    expect(await rows.count()).to.equal(12);
    await page.getByRole("button", { name: "Show all 41 endpoints" }).click();
    await rows.nth(40).waitFor();
  });

  it("says that a session is not known, with a way back, and takes any address", async () => {
    const page = await open(suite.proxy.url, "sessions/99999");
    await page.getByText("The proxy knows no session 99999").waitFor();
    await page.getByRole("link", { name: "All sessions" }).click();
    await page.getByRole("heading", { name: "Sessions" }).waitFor();
    await page.goto(`${new URL(suite.proxy.url).origin}/#/sessions/%E0%A4%A`);
    await page.getByText("The proxy knows no session %E0%A4%A").waitFor();
  });

  it("says when the stream of events is cut off, and when it is there again", async () => {
    const page = await open(suite.proxy.url);
    await page.route("**/api/v1/events**", (route) => route.abort());
    await page.reload();
    await page.getByText("not live").waitFor();
    await page.unroute("**/api/v1/events**");
    await page.getByText("not live").waitFor({ state: "detached" });
  });

  it("shows that the proxy stopped, says so to whoever changes something, and that its sessions are gone when it is back", async () => {
    const first = await restartable(cleanup);
    await talk(first);
    const page = await open(first.url, "sessions/1");
    await page.getByRole("button", { name: "End it" }).waitFor();
    first.cli.kill("SIGKILL");
    await page.getByRole("alert").filter({ hasText: "does not answer: what you see is what it said last" }).waitFor();
    await page.getByRole("button", { name: "End it" }).click();
    await page.getByText("The proxy does not answer.", { exact: true }).waitFor();
    await startCli(cleanup, first.folder, ["start"]).ready();
    await page.getByText("The proxy knows no session 1").waitFor();
    await page.getByText("last seen open").waitFor();
    expect(await page.getByRole("button", { name: "End it" }).count()).to.equal(0);
  });

  it("keeps a slider where it is held, whatever comes meanwhile, and makes several steps in a row with the keyboard", async () => {
    const page = await open(suite.proxy.url, "listeners/slow");
    const slider = page.getByRole("slider", { name: "delay of latency" });
    const { x = 0, y = 0, width = 0, height = 0 } = (await slider.boundingBox()) ?? {};
    await page.mouse.move(x + 8, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 5 });
    const held = await slider.inputValue();
    expect(Number(held)).to.be.within(1000, 2000);
    for (let poll = 0; poll < 2; poll += 1) await page.waitForResponse(/\/api\/v1\/listeners$/);
    expect(await slider.inputValue()).to.equal(held);
    await page.mouse.up();
    for (let step = 0; step < 5; step += 1) await slider.press("ArrowRight");
    const last = String(Number(held) + 50);
    await page.getByText(`"delay": ${last}`).waitFor({ state: "attached" });
    expect(await slider.inputValue()).to.equal(last);
    expect(await page.locator(":focus").getAttribute("aria-label")).to.equal("delay of latency");
  });

  it("keeps the focus on a switch, and makes one change of a double click", async () => {
    const page = await open(suite.proxy.url, "listeners/echo");
    const shout = page.getByRole("switch", { name: "shout of echo" });
    for (const state of ["false", "true"]) {
      await shout.press("Space");
      await page.locator(`[role="switch"][aria-label="shout of echo"][aria-checked="${state}"][aria-busy="false"]`).waitFor();
      expect(await page.locator(":focus").getAttribute("aria-label")).to.equal("shout of echo");
    }
    await page.goto(`${new URL(suite.proxy.url).origin}/#/generations`);
    const before = await page.locator(".generations > li").first().locator("b").first().textContent();
    await page.getByRole("button", { name: "Restore" }).last().dblclick();
    await page.locator('button[aria-busy="true"]').waitFor({ state: "detached" });
    const after = await page.locator(".generations > li").first().locator("b").first().textContent();
    expect(Number(after) - Number(before)).to.equal(1);
  });

  it("draws chunks where they belong if the browser's clock is wrong, and goes from one to the next with the arrow keys", async () => {
    const { page } = await suite.openPage();
    await page.addInitScript("const right = Date.now; Date.now = () => right() + 60_000;");
    const socket = await talk(suite.proxy);
    await page.goto(suite.proxy.url);
    await page.getByRole("link", { name: "Sessions" }).click();
    await sessionOf(page, socket).click();
    const marbles = page.locator(".marble");
    for (let tries = 0; tries < 60 && (await marbles.count()) === 0; tries += 1) {
      await exchange(socket, "hello");
      await marbles
        .first()
        .waitFor({ timeout: 500 })
        .catch(() => undefined);
    }
    await marbles.first().focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "behind shout", exact: true }).waitFor();
    expect(await page.locator('.marble[tabindex="0"]').count()).to.equal(1);
    expect(await page.locator('.marble.chosen[tabindex="0"]:focus').count()).to.equal(1);
    // What a plugin passed on is drawn in no other row once the plugin is off.
    const switched = async (enabled: boolean): Promise<void> => {
      const { origin, hash } = new URL(suite.proxy.url);
      const headers = { authorization: `Bearer ${hash.slice("#token=".length)}` };
      const { status } = await fetch(`${origin}/api/v1/listeners/echo/plugins/shout`, {
        method: "PATCH",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ enabled }),
      });
      expect(status).to.equal(200);
    };
    await switched(false);
    await page.locator(".row-name", { hasText: "shout" }).waitFor({ state: "detached" });
    expect(await marbles.count()).to.be.greaterThan(0);
    expect(await page.getByRole("button", { name: /behind shout/ }).count()).to.equal(0);
    await switched(true);
    for (let message = 0; message < 420; message += 1) await exchange(socket, "hello");
    await page.getByText("More passed: these are the last 800.").waitFor();
  });
});
