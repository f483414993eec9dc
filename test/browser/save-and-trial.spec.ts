import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { eventOf } from "../support/bounded.ts";
import { openPage, startBrowser } from "../support/browser.ts";
import { createCleanup } from "../support/cleanup.ts";
import type { Cli, CliFolder } from "../support/cli.ts";
import { exchange } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { connect } from "../support/sockets.ts";
import { follow } from "../support/tshark.ts";
import { startWithPage, type WithPage } from "../support/with-page.ts";

/** A save of another letter goes on trial, at half of the sessions. */
const config = (letter: string): string => `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const mark = definePlugin("mark", () => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from("${letter}"), chunk]))),
}));
export default defineConfig({
  admin: { listen: "tcp://127.0.0.1:0" },
  reload: { trial: { share: 0.5, for: "1h", faults: 3 } },
  listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [mark(), echo()] } },
});
`;

describe("the admin page, in a real Chromium, saves a session and shows a trial:", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  let browser: Browser;
  let folder: CliFolder;
  let cli: Cli;
  let url: string;
  let ports: WithPage["ports"];
  let page: Page;

  before(async function () {
    browser = await startBrowser(cleanup, requireTool(this, "chromium"));
    ({ url, cli, folder, ports } = await startWithPage(cleanup, config("A")));
    ({ page } = await openPage(browser, {}));
    await page.goto(url);
  });
  after(() => cleanup.run());

  const open = async (): Promise<Socket> => cleanup.keep(await connect(ports["echo"] ?? 0));
  const say = (socket: Socket): Promise<string> => exchange(socket, "x", 2);

  it("Save as capture and Save as recording write the bytes that pass from then on, and Stop shows where the file is", async function () {
    const tshark = requireTool(this, "tshark");
    const socket = await open();
    expect(await say(socket)).to.equal("Ax");
    await page.goto(`${new URL(url).origin}/#/sessions/1`);
    await page.getByRole("button", { name: "Save as capture" }).click();
    await page.getByRole("button", { name: "Stop the capture" }).waitFor();
    expect(await exchange(socket, "kept", 5)).to.equal("Akept");
    await page.getByRole("button", { name: "Stop the capture" }).click();
    await page.getByRole("button", { name: "Save as capture" }).waitFor();
    const told = await page.getByRole("status").filter({ hasText: "saved in" }).innerText();
    const [name = ""] = readdirSync(join(folder.path, ".sluice", "captures"));
    const file = join(folder.path, ".sluice", "captures", name);
    expect(told).to.include(file);
    const [client] = await follow(tshark, file, "tcp", [0]);
    expect([client?.fromClient, client?.fromUpstream].map(String)).to.deep.equal(["kept", "Akept"]);
    await page.getByRole("button", { name: "Save as recording" }).click();
    await page.getByRole("button", { name: "Stop the recording" }).waitFor();
    expect(await exchange(socket, "said", 5)).to.equal("Asaid");
    await page.getByRole("button", { name: "Stop the recording" }).click();
    await page.getByRole("button", { name: "Save as recording" }).waitFor();
    const recorded = readdirSync(join(folder.path, ".sluice", "captures")).filter((each) => each.endsWith(".yaml"));
    expect(recorded).to.have.lengthOf(1);
    expect(readFileSync(join(folder.path, ".sluice", "captures", recorded[0] ?? ""), "utf8")).to.match(
      /from: client[\s\S]*said[\s\S]*from: upstream/,
    );
    socket.end();
    await page.getByRole("button", { name: "Save as capture" }).waitFor({ state: "detached" });
    expect(await page.getByRole("status").filter({ hasText: ".pcapng" }).isVisible(), "it stays where it is").to.equal(true);
  });

  it("saves all sessions of a listener too, with the TLS secrets if the user asks for them", async () => {
    await page.goto(`${new URL(url).origin}/#/listeners/echo`);
    await page.getByLabel("TLS as it was").check();
    await page.getByRole("button", { name: "Save as capture" }).click();
    await page.getByRole("button", { name: "Stop the capture" }).waitFor();
    expect(await page.getByLabel("TLS as it was").count(), "while it runs").to.equal(0);
    const socket = await open();
    expect(await say(socket)).to.equal("Ax");
    socket.end();
    await eventOf(socket, "close");
    await page.getByRole("button", { name: "Stop the capture" }).click();
    const told = page.getByRole("status").filter({ hasText: "saved in" });
    await told.waitFor();
    const file = await told.locator("code").innerText();
    expect(readFileSync(file).includes("Ax")).to.equal(true);
    await cli.error(/the capture has the secrets of TLS sessions in it/);
  });

  it("a save on trial has a badge; Accept applies it to all sessions, Take back to none", async () => {
    const [one, other] = [await open(), await open()];
    expect([await say(one), await say(other)]).to.deep.equal(["Ax", "Ax"]);
    folder.write("proxy.config.ts", config("B"));
    await page.goto(`${new URL(url).origin}/#/generations`);
    await page.locator(".trial .chip").getByText("trial").waitFor();
    expect(await page.locator(".trial li").innerText()).to.match(/trial echo 50% of the sessions, 1 now; 0 of 3 faults; .* left/);
    expect([await say(one), await say(other)].toSorted((a, b) => a.localeCompare(b))).to.deep.equal(["Ax", "Bx"]);
    await page.getByRole("button", { name: "Take back" }).click();
    await page.locator(".trial").waitFor({ state: "detached" });
    expect([await say(one), await say(other)]).to.deep.equal(["Ax", "Ax"]);
    folder.write("proxy.config.ts", config("C"));
    await page.getByRole("button", { name: "Accept" }).click();
    await page.locator(".trial").waitFor({ state: "detached" });
    expect([await say(one), await say(other)]).to.deep.equal(["Cx", "Cx"]);
    await cli.line(/^taken back: generation 2/);
  });
});
