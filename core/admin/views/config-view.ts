import { addressText, type ResolvedAdmin, type ResolvedConfig } from "../../contract/index.ts";
import type { Schemas } from "../schemas/schemas.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** A config with its defaults, as JSON without secrets. */
function configView(config: ResolvedConfig): Schemas["Config"] {
  const { listeners, dns, limits, timeouts, shutdown, log, workers, admin, file, warnings } = config;
  return {
    file,
    listeners: Object.fromEntries(
      listeners.map(({ name, address, upstream, declared, reload, socket, limits: ownLimits, timeouts: ownTimeouts }) => [
        name,
        {
          listen: addressText(address),
          upstream: upstream === undefined ? undefined : { ...upstream, endpoints: upstream.endpoints.map(({ text }) => text) },
          plugins: declared.map(({ name: use, options, use: { id, enabled, onError } }) => ({ name: use, id, enabled, onError, options })),
          reload,
          socket,
          limits: ownLimits,
          timeouts: ownTimeouts,
        },
      ]),
    ),
    dns: { servers: dns.servers, hosts: Object.fromEntries(dns.hosts) },
    limits,
    timeouts,
    shutdown,
    log,
    workers,
    admin: admin === undefined ? false : adminView(admin),
    warnings,
  };
}

function adminView({ address, ...admin }: ResolvedAdmin): Schemas["Config"]["admin"] {
  return { ...admin, listen: addressText(address) };
}

/** The config for everybody who may look at the proxy. */
export function shownConfig(config: ResolvedConfig): Schemas["Config"] {
  return withoutSecrets(configView(config)) as Schemas["Config"];
}
