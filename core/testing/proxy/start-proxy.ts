import { SluiceError, type BoundListener } from "../../contract/index.ts";
import { createProxy } from "../../admin/create-proxy.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { connectTo } from "../client/connect-to.ts";
import type { OpenClient } from "../client/test-client.ts";
import { DEFAULT_TIMEOUT } from "../values/bounded.ts";
import { refuseMisspelt } from "../values/known-keys.ts";
import { waitOf } from "../values/wait.ts";
import { EndedSessions } from "./ended-sessions.ts";
import { KeptLog } from "./kept-log.ts";
import { openIn } from "./left-open.ts";
import { wholeConfig, type OneListener, type TestProxyConfig } from "./test-config.ts";
import type { TestProxy } from "./test-proxy.ts";

/**
 * Starts a proxy in this process, for one test: its log is silent, and its listeners need no `listen`.
 *
 * @param config a whole config, or one listener's options (`{ plugins, upstream, … }`), which is then named `main`
 * @example
 * await using upstream = await startUpstream("echo");
 * await using proxy = await startProxy({ upstream: upstream.address, plugins: [shout()] });
 * const client = await proxy.connect();
 * @throws the errors of `createProxy` for a wrong config; then nothing is open
 */
export async function startProxy(config: TestProxyConfig | OneListener): Promise<TestProxy> {
  const log = new KeptLog(config?.log?.level);
  const proxy = await createProxy(wholeConfig(config), { logger: log.logger });
  const ended = new EndedSessions();
  proxy.events.subscribe((event) => {
    if (event.type === "session-ended") ended.add(event.record);
  });
  const clients = new Set<OpenClient>();
  let closing: Promise<void> | undefined;
  const started: TestProxy = {
    proxy,
    port: (name) => portOf(listenerOf(proxy, name)),
    url: (name) => listenerOf(proxy, name).url,
    async connect(name, options) {
      const client = await connectTo(listenerOf(proxy, name).url, options);
      clients.add(client);
      return client;
    },
    apply: (next) => proxy.apply(wholeConfig(next)),
    records: ended.records,
    nextRecord: async (options) => ended.next(waitOf(options, DEFAULT_TIMEOUT, "nextRecord(options)")),
    get log() {
      return log.records;
    },
    async close(options = {}) {
      refuseMisspelt(options, ["strict"], "close(options)");
      const strict = options.strict === true;
      const open = strict && closing === undefined ? await openIn(proxy, clients) : [];
      closing ??= closeAll(proxy, clients);
      await closing;
      if (open.length > 0)
        throw new SluiceError("SLUICE_TEST_LEFT_OPEN", `${open.length} still open when the proxy was closed: ${open.join("; ")}`);
    },
    [Symbol.asyncDispose]: () => started.close(),
  };
  return started;
}

async function closeAll(proxy: Proxy, clients: Iterable<OpenClient>): Promise<void> {
  await Promise.all([proxy.close(), ...Array.from(clients, (client) => client[Symbol.asyncDispose]())]);
}

function listenerOf({ listeners }: Proxy, name?: string): BoundListener {
  const names = Object.keys(listeners);
  const known = names.length === 0 ? "there are none" : `there is ${names.map((each) => JSON.stringify(each)).join(", ")}`;
  if (name === undefined && names.length !== 1)
    throw new SluiceError("SLUICE_TEST_LISTENER", `the name of a listener is missing: ${known}`);
  const listener = listeners[name ?? names[0] ?? ""];
  if (listener === undefined) throw new SluiceError("SLUICE_TEST_LISTENER", `there is no listener ${JSON.stringify(name)}: ${known}`);
  return listener;
}

function portOf({ name, address, url }: BoundListener): number {
  if (address.family === "unix") throw new SluiceError("SLUICE_TEST_LISTENER", `the listener "${name}" has no port: it is ${url}`);
  return address.port;
}
