// Makes the pictures of docs/dashboard.md: `npm run build && node dist/test/setup/dashboard-pictures.js`. Not a test: what they show is looked at.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as passing } from "node:timers/promises";
import { openPage, startBrowser } from "../support/browser.ts";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli } from "../support/cli.ts";
import { root } from "../support/repository.ts";
import { connect } from "../support/sockets.ts";
import { findTool } from "./tools.ts";

const config = `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { latency } from "sluice/faults";
import { echo, logging, rateLimit, retry } from "sluice/plugins";

const shout = definePlugin("shout", () => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase()))),
}));

export default defineConfig({
  admin: { listen: "tcp://127.0.0.1:0" },
  plugins: [logging()],
  listeners: {
    chat: { listen: "tcp://127.0.0.1:0", plugins: [rateLimit({ connections: { rate: 100 } }), shout(), latency({ delay: "40ms" }), echo()] },
    web: { listen: "tcp://127.0.0.1:0", upstream: ["127.0.0.1:9", "127.0.0.1:10"], plugins: [retry({ attempts: 2 })] },
    dns: { listen: "udp://127.0.0.1:0", plugins: [echo()] },
  },
});
`;

const cleanup = createCleanup();
const folder = join(root, "docs/pictures");
mkdirSync(folder, { recursive: true });
const chromium = findTool("chromium");
if (chromium === undefined) throw new Error("chromium is not installed");
try {
  const place = createCliFolder(cleanup);
  place.write("proxy.config.ts", config);
  const cli = startCli(cleanup, place, ["start"]);
  const { chat = 0, web = 0 } = await cli.ready();
  const url = /^admin (\S+)$/m.exec(cli.lines.join("\n"))?.[1] ?? "";
  for (let client = 0; client < 8; client += 1) {
    const socket = cleanup.keep(await connect(chat));
    let said = 0;
    const talk = setInterval(() => socket.write(`hello, ${"how are you? ".repeat(said++ % 12)}\n`), 700 + client * 130);
    cleanup.add(() => clearInterval(talk));
  }
  (await connect(web)).on("error", () => undefined);
  const browser = await startBrowser(cleanup, chromium, { HOME: mkdtempSync(join(tmpdir(), "sluice-pictures-")) });
  for (const colorScheme of ["light", "dark"] as const) {
    const { page } = await openPage(browser, { colorScheme });
    const picture = async (name: string): Promise<void> =>
      writeFileSync(join(folder, `${name}-${colorScheme}.png`), await page.screenshot());
    await page.goto(url);
    await passing(8_000);
    await picture("dashboard");
    await page.getByRole("link", { name: "chat", exact: true }).first().click();
    await passing(2_000);
    await picture("pipeline");
    await page.goto(`${new URL(url).origin}/#/sessions/2`);
    await passing(8_000);
    await page
      .getByRole("button", { name: /behind shout/ })
      .last()
      .press("Enter");
    await picture("session");
  }
} finally {
  await cleanup.run();
}
