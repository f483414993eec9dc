import type { Socket } from "node:net";
import type { Browser, Locator, Page } from "playwright-core";
import { openPage, startBrowser, type WatchedPage } from "./browser.ts";
import { createCleanup, type Cleanup } from "./cleanup.ts";
import { requireTool } from "./external-tool.ts";
import { freePort } from "./sockets.ts";
import { createCliFolder, startCli, type Cli, type CliFolder } from "./cli.ts";

const config = `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { lines, messages } from "sluice/codec";
import { latency } from "sluice/faults";
import { echo } from "sluice/plugins";

const shout = definePlugin("shout", () => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase()))),
}));

const words = definePlugin("words", () => ({ fromClient: (data) => data.pipe(messages(lines(), each((line) => line + "!"))) }));

export default defineConfig({
  admin: { listen: "tcp://127.0.0.1:0" },
  listeners: {
    echo: { listen: "tcp://127.0.0.1:0", plugins: [shout(), echo()] },
    slow: { listen: "tcp://127.0.0.1:0", plugins: [latency({ delay: 0 }), echo()] },
    words: { listen: "tcp://127.0.0.1:0", plugins: [words(), echo()] },
    gone: { listen: "tcp://127.0.0.1:0", upstream: ["127.0.0.1:9", "127.0.0.1:10"] },
    odd: { listen: "udp://127.0.0.1:0", plugins: [echo()] },
  },
});
`;

/** A running `sluice start` with the admin page: the address of the page, and the ports of the listeners. */
export interface WithPage {
  readonly url: string;
  readonly cli: Cli;
  /** Where its config is. */
  readonly folder: CliFolder;
  readonly ports: Readonly<Record<string, number>>;
}

/** Starts a proxy whose listeners are `echo`, `slow`, `words`, `gone` and `odd`. @param text its config, if it is another one */
export async function startWithPage(cleanup: Cleanup, text = config): Promise<WithPage> {
  const folder = createCliFolder(cleanup);
  folder.write("proxy.config.ts", text);
  const cli = startCli(cleanup, folder, ["start"]);
  const ports = await cli.ready();
  const url = /^admin (\S+)$/m.exec(cli.lines.join("\n"))?.[1] ?? "";
  return { url, cli, folder, ports };
}

/** The same with an address and a token that the next process has too. */
export async function restartable(cleanup: Cleanup): Promise<WithPage> {
  const admin = `"tcp://127.0.0.1:${await freePort()}", token: "a-token-for-two-processes" },`;
  return startWithPage(cleanup, config.replace('"tcp://127.0.0.1:0" },', admin));
}

/** One Chromium and one proxy for all tests of a suite. */
export interface PageSuite {
  /** What one test opens. */
  readonly cleanup: Cleanup;
  /** What is open until the last test is over. */
  readonly everything: Cleanup;
  /** The proxy. A test leaves it as it was: a start is half of the work of a test. */
  readonly proxy: WithPage;
  /** Opens a page for one test. */
  openPage(options?: Parameters<typeof openPage>[1]): Promise<WatchedPage>;
}

/** Registers the hooks of a suite that needs a browser and a proxy. @param text the proxy's config, if it is another one */
export function pageSuite(text?: string): PageSuite {
  const everything = createCleanup();
  const cleanup = createCleanup();
  let browser: Browser;
  let proxy: WithPage;
  before(async function () {
    browser = await startBrowser(everything, requireTool(this, "chromium"));
    proxy = await startWithPage(everything, text);
  });
  afterEach(() => cleanup.run());
  after(() => everything.run());
  return {
    cleanup,
    everything,
    get proxy() {
      return proxy;
    },
    async openPage(options) {
      const opened = await openPage(browser, options);
      cleanup.add(() => opened.page.context().close());
      return opened;
    },
  };
}

/** The link to a connection's session in the list of sessions, which also has those of earlier tests. */
export function sessionOf(page: Page, { localPort }: Socket): Locator {
  return page
    .locator(".sessions tbody tr")
    .filter({ hasText: `:${localPort}` })
    .locator("a")
    .first();
}
