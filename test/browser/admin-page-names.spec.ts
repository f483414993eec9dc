import { expect } from "chai";
import type { Page, Request } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { connect } from "../support/sockets.ts";
import { pageSuite } from "../support/with-page.ts";

/** As long as names may be, with no place to break at; and hosts that are longer. */
const [listener, plugin, host] = ["W".repeat(64), "x".repeat(64), "h".repeat(63)];

const config = `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const same = definePlugin("same", () => ({ fromClient: (data) => data.pipe(each((chunk) => chunk)) }));
export default defineConfig({
  admin: { listen: "tcp://127.0.0.1:0" },
  listeners: {
    ${listener}: { listen: "tcp://127.0.0.1:0", plugins: [same({ name: "${plugin}" }), echo()] },
    many: {
      listen: "tcp://127.0.0.1:0",
      upstream: [${JSON.stringify(`${host}.${host}.test:80`)}, ...Array.from({ length: 40 }, (_, at) => "127.0.0.1:" + (at + 1))],
      plugins: [],
    },
    ...Object.fromEntries(Array.from({ length: 60 }, (_, at) => ["other" + at, { listen: "tcp://127.0.0.1:0", plugins: [echo()] }])),
  },
});
`;

describe("the admin page, in a real Chromium, with long names, many listeners, endpoints and tabs,", function () {
  this.timeout(120_000);
  const suite = pageSuite(config);

  before(async () => {
    await exchange(suite.everything.keep(await connect(suite.proxy.ports[listener] ?? 0)), "hello");
  });

  async function open(width: number): Promise<Page> {
    const { page } = await suite.openPage({ viewport: { width, height: 740 } });
    await page.goto(suite.proxy.url);
    await page.locator("h1").first().waitFor();
    return page;
  }

  for (const [what, width] of [
    ["a laptop", 1280],
    ["a tablet", 768],
    ["a phone", 360],
  ] as const) {
    it(`fits on ${what}: nothing is wider than the window, and each switch is in its box`, async () => {
      const page = await open(width);
      for (const place of ["#/", `#/listeners/${listener}`, "#/listeners/many", "#/sessions", "#/sessions/1", "#/generations"]) {
        await page.goto(`${new URL(suite.proxy.url).origin}/${place}`);
        await page.locator("h1").first().waitFor();
        const wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        expect(wider, place).to.equal(0);
      }
      await page.goto(`${new URL(suite.proxy.url).origin}/#/listeners/${listener}`);
      const stage = page.locator(".stage").first();
      const [box, inside] = [await stage.boundingBox(), await stage.getByRole("switch").boundingBox()];
      expect((inside?.x ?? Infinity) + (inside?.width ?? 0)).to.be.below((box?.x ?? 0) + (box?.width ?? 0));
    });
  }

  it("shows few of many endpoints of a listener until all are asked for", async () => {
    const page = await open(1280);
    const endpoints = page
      .getByRole("row")
      .filter({ has: page.getByRole("link", { name: "many" }) })
      .first()
      .locator(".endpoint");
    await endpoints.first().waitFor();
    expect(await endpoints.count()).to.equal(4);
    await page.goto(`${new URL(suite.proxy.url).origin}/#/listeners/many`);
    const upstream = page.locator(".end").last();
    await upstream.locator(".endpoint").nth(11).waitFor();
    expect(await upstream.locator(".endpoint").count()).to.equal(12);
    await upstream.getByRole("button", { name: "Show all 41 endpoints" }).click();
    await upstream.locator(".endpoint").nth(40).waitFor();
  });

  it("shows few of many listeners until all are asked for", async () => {
    const page = await open(1280);
    const rows = page.locator("section", { has: page.getByRole("heading", { name: "Listeners" }) }).locator("tbody tr");
    await rows.nth(49).waitFor();
    expect(await rows.count()).to.equal(50);
    await page.getByRole("button", { name: "Show all 62 listeners" }).click();
    await rows.nth(61).waitFor();
  });

  it("has one stream of events for all that a tab shows, and none while nobody sees the tab", async () => {
    const page = await open(1280);
    const streams = new Set<Request>();
    const ended = (request: Request): void => void streams.delete(request);
    page.on("request", (request) => void (request.url().includes("/api/v1/events") && streams.add(request)));
    page.on("requestfailed", ended).on("requestfinished", ended);
    await page.goto(`${new URL(suite.proxy.url).origin}/#/sessions/1`);
    const only = (topics: string): Promise<unknown> =>
      eventually(() => expect([...streams].map((each) => decodeURIComponent(each.url()).split("topics=")[1])).to.deep.equal([topics]));
    await only("rates,tap:1");
    const see = (hidden: boolean): Promise<unknown> =>
      page.evaluate(
        `Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`,
      );
    await see(true);
    await eventually(() => expect(streams.size).to.equal(0));
    await see(false);
    await only("rates,tap:1");
    expect(await page.getByText("not live").count()).to.equal(0);
  });
});
