import type { Socket } from "node:net";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import type { Cleanup } from "./cleanup.ts";
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

/** A running `sluice start` with the admin page: the address of the page, the config and the ports of the listeners. */
export interface WithPage {
  readonly url: string;
  readonly cli: Cli;
  readonly file: string;
  readonly ports: Readonly<Record<string, number>>;
}

/** Starts a proxy whose listeners are `echo`, `slow`, `words`, `gone` and `odd`. @param text its config, if it is another one */
export async function startWithPage(cleanup: Cleanup, text = config): Promise<WithPage> {
  const folder = createCliFolder(cleanup);
  folder.write("proxy.config.ts", text);
  return started(cleanup, folder);
}

async function started(cleanup: Cleanup, folder: CliFolder): Promise<WithPage> {
  const cli = startCli(cleanup, folder, ["start"]);
  const ports = await cli.ready();
  const url = /^admin (\S+)$/m.exec(cli.lines.join("\n"))?.[1] ?? "";
  return { url, cli, file: join(folder.path, "proxy.config.ts"), ports };
}

/** The same with an address and a token that the next process has too. */
export async function restartable(cleanup: Cleanup): Promise<WithPage & { readonly folder: CliFolder }> {
  const folder = createCliFolder(cleanup);
  const text = config.replace('"tcp://127.0.0.1:0" },', `"tcp://127.0.0.1:${await freePort()}", token: "a-token-for-two-processes" },`);
  folder.write("proxy.config.ts", text);
  return { ...(await started(cleanup, folder)), folder };
}

/** The link to a connection's session in the list of sessions, which also has those of earlier tests. */
export function sessionOf(page: Page, { localPort }: Socket): Locator {
  return page
    .locator(".sessions tbody tr")
    .filter({ hasText: `:${localPort}` })
    .locator("a")
    .first();
}
