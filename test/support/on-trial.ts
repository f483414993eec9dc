import type { Socket } from "node:net";
import type { FunctionPlugin, ListenerConfig, PluginUse, SluiceConfig, UseOptions } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
import type { TrialConfig } from "../../core/contract/events/trial.ts";
import type { Cleanup } from "./cleanup.ts";
import { closeOf, connect, readBytes } from "./sockets.ts";
import { plugin, startProxy, type TestProxy } from "./with-proxy.ts";

/** Puts a letter in front of each chunk, and throws at one that has an exclamation mark. */
export const mark = (letter: string, more: FunctionPlugin = {}, options: UseOptions = {}): PluginUse =>
  plugin(
    "mark",
    {
      fromClient: (data) =>
        data.pipe(
          each((chunk) => {
            if (chunk.includes("!")) throw new Error("boom");
            return Buffer.concat([Buffer.from(letter), chunk]);
          }),
        ),
      ...more,
    },
    options,
  );

export interface Given {
  readonly plugins: readonly PluginUse[];
  readonly trial?: TrialConfig | boolean | undefined;
  readonly listen?: string;
}

export const config = ({
  plugins,
  trial = { share: 0.5, for: "1h", faults: 2 },
  listen = "tcp://127.0.0.1:0",
}: Given): SluiceConfig & { readonly listeners: { readonly web: ListenerConfig } } => ({
  reload: { trial },
  listeners: { web: { listen, plugins: [...plugins, echo()] } },
});

export async function start(cleanup: Cleanup, given: Given): Promise<TestProxy> {
  return cleanup.keep(await startProxy(config(given)));
}

export async function clients(cleanup: Cleanup, started: TestProxy, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let at = 0; at < count; at++) {
    // One after the other: the order in which they come is the test's.
    const socket = cleanup.keep(await connect(started.port("web")));
    await answer(socket);
    sockets.push(socket);
  }
  return sockets;
}

/** What the letter in front of an x is. */
export async function answer(socket: Socket): Promise<string> {
  socket.write("x");
  return String(await readBytes(socket, 2)).slice(0, 1);
}

export const answers = async (sockets: readonly Socket[]): Promise<string> => (await Promise.all(sockets.map(answer))).join("");

export async function fail(socket: Socket): Promise<void> {
  socket.write("!");
  await closeOf(socket);
}
