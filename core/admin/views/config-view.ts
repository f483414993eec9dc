import { addressText, type ResolvedConfig } from "../../contract/index.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** A config with its defaults, as JSON without secrets. */
function configView(config: ResolvedConfig): unknown {
  const { listeners, dns, limits, timeouts, log, workers, admin, file, warnings } = config;
  return {
    file,
    listeners: Object.fromEntries(
      listeners.map(({ name, address, upstream, declared, reload, socket }) => [
        name,
        {
          listen: addressText(address),
          upstream: upstream === undefined ? undefined : { ...upstream, endpoints: upstream.endpoints.map(({ text }) => text) },
          plugins: declared.map(({ name: use, options, use: { id, enabled, onError } }) => ({ name: use, id, enabled, onError, options })),
          reload,
          socket,
        },
      ]),
    ),
    dns: { servers: dns.servers, hosts: Object.fromEntries(dns.hosts) },
    limits,
    timeouts,
    log,
    workers,
    admin: admin === undefined ? false : { ...admin, address: undefined, listen: addressText(admin.address) },
    warnings,
  };
}

/** The config for everybody who may look at the proxy. */
export function shownConfig(config: ResolvedConfig): unknown {
  return withoutSecrets(configView(config));
}
