import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { filter, firstValueFrom } from "rxjs";
import type { ProxyEvent } from "sluice";
import { ProxyLog } from "../../core/runtime/log/logger.ts";
import { LiveConfig } from "../../core/runtime/proxy/live-config.ts";
import { Proxy } from "../../core/runtime/proxy/proxy.ts";
import { bounded } from "./bounded.ts";

type Outcome = Extract<ProxyEvent, { type: "reloaded" | "refused" }>;

/** A proxy that follows a `proxy.config.ts` in a folder of its own. */
export interface LiveFolder {
  readonly live: LiveConfig;
  readonly proxy: Proxy;
  /** The config's path. */
  readonly file: string;
  readonly folder: string;
  /** Every reload so far, good and bad. */
  readonly outcomes: readonly Outcome[];
  /** The port that a listener is bound to. */
  readonly port: (listener: string) => number;
  /** Writes a file of the folder. */
  readonly write: (name: string, text: string) => void;
  /** Does something that ends in a reload, and waits for that: `reloaded`, or `refused` with its error. */
  readonly outcomeOf: (act: () => void) => Promise<Outcome>;
  /** Saves the config and waits until it is applied. @throws the error that refused it */
  readonly apply: (text: string) => Promise<void>;
}

/** A config file with the usual imports: `listeners` is the inside of its object. */
export function configText(listeners: string, imports = ""): string {
  return `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { dnsCache, echo, logging, rateLimit, retry, tlsTermination } from "sluice/plugins";
${imports}
export default defineConfig({ listeners: { ${listeners} } });
`;
}

const isOutcome = (event: ProxyEvent): event is Outcome => event.type === "reloaded" || event.type === "refused";

function open(live: LiveConfig, file: string, folder: string): LiveFolder {
  const { proxy } = live;
  const outcomes: Outcome[] = [];
  proxy.events.pipe(filter(isOutcome)).subscribe((outcome) => outcomes.push(outcome));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const outcomeOf = async (act: () => void): Promise<Outcome> => {
    const next = firstValueFrom(proxy.events.pipe(filter(isOutcome)));
    act();
    return bounded(next, "a reload or a refusal", 15_000);
  };
  const apply = async (text: string): Promise<void> => {
    const outcome = await outcomeOf(() => write("proxy.config.ts", text));
    if (outcome.type === "refused") throw outcome.error;
  };
  const port = (listener: string): number => {
    const { address } = proxy.listeners[listener] ?? {};
    if (address === undefined) throw new Error(`no listener is called ${listener}`);
    return address.port;
  };
  return { live, proxy, file, folder, outcomes, port, write, outcomeOf, apply };
}

/** Makes a config file live in this process, with a silent log. */
export function followConfig(file: string, watch = true): Promise<LiveConfig> {
  return LiveConfig.start(file, { log: new ProxyLog("silent"), watch }, (config, options) => Proxy.start(config, options));
}

/**
 * Runs a test against a proxy that follows files on disk, and closes and removes both afterwards.
 *
 * @param files by name; `proxy.config.ts` must be among them
 */
export async function withLiveConfig<T>(files: Readonly<Record<string, string>>, run: (folder: LiveFolder) => Promise<T>): Promise<T> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-live-")));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const file = join(folder, "proxy.config.ts");
    const live = await followConfig(file);
    try {
      return await run(open(live, file, folder));
    } finally {
      live.stop();
      await live.proxy.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
