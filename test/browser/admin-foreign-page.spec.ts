import { expect } from "chai";
import { createServer } from "node:http";
import type { Browser, Page } from "playwright-core";
import { eventOf } from "../support/bounded.ts";
import { openPage, startBrowser } from "../support/browser.ts";
import { createCleanup } from "../support/cleanup.ts";
import { requireTool } from "../support/external-tool.ts";
import { portOf } from "../support/sockets.ts";
import { startWithPage, type WithPage } from "../support/with-page.ts";
import { AdminApi } from "../support/with-admin.ts";

/** Names that lead to this machine, as those of an attacker's own DNS may. */
const resolver = "--host-resolver-rules=MAP foreign.test 127.0.0.1, MAP rebound.test 127.0.0.1";

/** What a page tries, as text: it runs in the browser. Each gives what it got, or "refused". */
const attempts = (admin: string, token: string): string => `(async () => {
  const admin = ${JSON.stringify(admin)};
  const authorization = "Bearer ${token}";
  const refused = () => "refused";
  const got = (work) => work().then((answer) => answer.text()).catch(refused);
  const element = (name, parts, where = document.body) => new Promise((resolve) => {
    const made = Object.assign(document.createElement(name), parts);
    made.onload = () => resolve("loaded");
    made.onerror = refused;
    made.addEventListener("error", () => resolve("refused"));
    where.append(made);
  });
  const begun = (made) => new Promise((resolve) => {
    made.onopen = () => resolve("open");
    made.onmessage = () => resolve("message");
    made.onerror = () => resolve("refused");
  });
  const json = { authorization, "content-type": "application/json" };
  const change = "/api/v1/listeners/echo/plugins/shout";
  return {
    read: await got(() => fetch(admin + "/api/v1/status")),
    readWithToken: await got(() => fetch(admin + "/api/v1/status", { headers: { authorization } })),
    readOpaque: await got(() => fetch(admin + "/api/v1/status", { mode: "no-cors" })),
    change: await got(() => fetch(admin + change, { method: "PATCH", headers: json, body: '{"enabled":false}' })),
    simple: await got(() => fetch(admin + "/api/v1/reload", { method: "POST", mode: "no-cors", body: "{}" })),
    beacon: String(navigator.sendBeacon(admin + "/api/v1/reload", "{}")) && "refused",
    events: await begun(new EventSource(admin + "/api/v1/events")),
    socket: await begun(new WebSocket(admin.replace("http", "ws") + "/api/v1/events")),
    script: await element("script", { src: admin + "/sluice.svg" }),
    image: await element("img", { src: admin + "/sluice.svg" }),
  };
})()`;

describe("a foreign page, in a real Chromium,", function () {
  this.timeout(120_000);
  const everything = createCleanup();
  let browser: Browser;
  let shared: WithPage;
  let api: AdminApi;
  let admin: string;
  let foreign: string;

  before(async function () {
    browser = await startBrowser(everything, requireTool(this, "chromium"), {}, [resolver]);
    shared = await startWithPage(everything);
    api = new AdminApi(shared.url);
    admin = new URL(shared.url).origin;
    const server = createServer((_request, response) => response.setHeader("content-type", "text/html").end("<!doctype html><body>"));
    everything.add(() => void server.close());
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    foreign = `foreign.test:${portOf(server)}`;
  });
  after(() => everything.run());

  const open = async (address: string): Promise<{ page: Page; status: number | undefined }> => {
    const { page } = await openPage(browser);
    everything.add(() => page.context().close());
    return { page, status: (await page.goto(address))?.status() };
  };
  const unchanged = async (): Promise<void> => {
    const { generation } = await api.get<{ generation: number }>("status");
    const { enabled } = await api.get<{ enabled: boolean }>("listeners/echo/plugins/shout");
    expect([generation, enabled]).to.deep.equal([1, true]);
  };

  it("reads nothing and changes nothing, by any request, not even with the token", async () => {
    const { page } = await open(`http://${foreign}/`);
    const results = await page.evaluate<Record<string, string>>(attempts(admin, api.token));
    expect(results).to.deep.equal(Object.fromEntries(Object.keys(results).map((name) => [name, "refused"])));
    expect(Object.keys(results)).to.have.length(10);
    await unchanged();
  });

  it("cannot frame the page, nor change anything by a form", async () => {
    const { page } = await open(`http://${foreign}/`);
    await page.setContent(`<iframe name="in" src="${admin}/"></iframe>
      <form method="post" enctype="text/plain" action="${admin}/api/v1/reload" target="in"><input name='{"a":"' value='"}'><button>send</button></form>`);
    await page.waitForLoadState("load");
    const framed = page.frames().find((frame) => frame !== page.mainFrame());
    expect(await framed?.locator("body").textContent()).to.not.include("Sluice");
    await page.getByRole("button").click();
    await page.waitForLoadState("networkidle");
    await unchanged();
  });

  it("under a name that its DNS has made lead to the admin server gets nothing, not even with the token", async () => {
    const { page, status } = await open(`http://rebound.test:${api.port}/`);
    expect(status).to.equal(403);
    expect(await page.locator("body").textContent())
      .to.include("SLUICE_ADMIN_FORBIDDEN")
      .and.not.include(api.token);
    const answers = await page.evaluate(`Promise.all(["/", "/api/v1/status", "/metrics", "/api/v1/openapi.json"].map((path) =>
      fetch(path, { headers: { authorization: "Bearer ${api.token}" } }).then(({ status }) => status)))`);
    expect(answers).to.deep.equal([403, 403, 403, 403]);
    await unchanged();
  });
});
