import path from "node:path";
import { SluiceError } from "../../contract/index.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { builtInUse } from "./built-in-use.ts";
import type { SaveHost, SaveOrder, Writing } from "./save-host.ts";

/** Lets a plugin of this process write traffic to a file. Rejects with the plugin's error. @throws SLUICE_ADMIN_UNKNOWN */
export async function writeHere(proxy: Proxy, file: string, { kind, listener, session, options }: SaveOrder): Promise<Writing> {
  const found = proxy.inner.listeners.get(listener);
  if (found === undefined) throw new SluiceError("SLUICE_ADMIN_UNKNOWN", `there is no listener ${JSON.stringify(listener)}`);
  const use = await builtInUse(kind, { ...options, file });
  // Loaded when needed: the command line imports this file, and does not need the code that constructs plugins.
  const { attach } = await import("../../runtime/proxy/attach.ts");
  const attached = await attach(proxy.inner, { use, listener: found, session, folder: path.dirname(file) });
  return {
    get progress() {
      return attached.plugin.progress?.();
    },
    end: async () => {
      await attached.detach();
      return attached.plugin.progress?.();
    },
  };
}

/** The traffic of a proxy in this process. */
export function hostOf(proxy: Proxy): SaveHost {
  return {
    get config() {
      return proxy.steering.config;
    },
    get listeners() {
      return [...proxy.inner.listeners.keys()];
    },
    lifecycle: proxy.lifecycle,
    arrivals: proxy.arrivals,
    write: (file, order) => writeHere(proxy, file, order),
  };
}
