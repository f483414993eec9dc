import type { SluiceConfig } from "../contract/index.ts";
import { startProxy, type CreateProxyOptions } from "../runtime/proxy/create-proxy.ts";
import type { Proxy } from "../runtime/proxy/proxy.ts";
import { Admin } from "./admin.ts";
import { Answers } from "./answers.ts";
import { Live } from "./operations/live.ts";

/**
 * Starts a proxy in this process.
 *
 * @example
 * const proxy = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:3000" } } });
 * proxy.listeners.web.address.port; await proxy.close();
 *
 * @throws SLUICE_CONFIG_INVALID, SLUICE_ADDRESS_IN_USE and other SLUICE_ADDRESS_… codes, SLUICE_PLUGIN_CONSTRUCT, SLUICE_PLUGIN_SETUP; then nothing
 *   is left open
 */
export async function createProxy(config: SluiceConfig, options: CreateProxyOptions = {}): Promise<Proxy> {
  const admin = new Admin();
  const proxy = await startProxy(config, options, admin);
  admin.serve(new Answers(new Live(proxy, undefined)));
  return proxy;
}
