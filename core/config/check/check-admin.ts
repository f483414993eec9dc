import path from "node:path";
import {
  addressText,
  isOptions,
  schemeOf,
  type AdminConfig,
  type ListenAddress,
  type ListenScheme,
  type ResolvedAdmin,
  type ResolvedListener,
} from "../../contract/index.ts";
import { canonicalHost } from "../../contract/addresses/host-meeting.ts";
import type { Problem } from "../../contract/options/describe-issues.ts";
import { clash, isLoopback, reaches } from "./check-addresses.ts";
import type { CheckedConfig } from "./config-schema.ts";

const usual = { transport: "tcp", host: "127.0.0.1", port: 9900, path: undefined } as const;

/** A config as written, with the admin server on: the options in `given` take precedence over those of the config. */
export function withAdmin(input: object, given: AdminConfig): object {
  const own: unknown = Reflect.get(input, "admin");
  return { ...input, admin: { ...(isOptions(own) ? own : {}), ...given } };
}

/** Fills in the defaults. */
export function resolveAdmin(admin: CheckedConfig["admin"], file: string | undefined): ResolvedAdmin | undefined {
  if (admin === false) return undefined;
  const { listen, token, hosts = [], metrics = "token", folder = ".sluice/captures" } = admin === true ? {} : admin;
  const base = file === undefined ? process.cwd() : path.dirname(file);
  return {
    address: listen ?? usual,
    token,
    hosts: hosts.map((host) => host.toLowerCase()),
    metrics,
    folder: path.resolve(base, folder),
  };
}

/** What is wrong with the admin server, or with a listener beside it. Upstream names that lead to it are found when they are looked up. */
export function adminProblems(
  admin: ResolvedAdmin | undefined,
  listeners: readonly ResolvedListener[],
  schemes: readonly ListenScheme[],
): Problem[] {
  if (admin === undefined) return [];
  const { address, token } = admin;
  const problems = token === undefined ? withoutToken(address) : [];
  for (const listener of listeners) {
    if (clash(listener.address, address, schemes)) {
      const message = `${addressText(listener.address)} is taken by the admin server (${addressText(address)})`;
      problems.push({ path: `listeners.${listener.name}.listen`, message });
    }
    const found = listener.upstream?.endpoints.find((endpoint) => reaches(endpoint, address));
    if (found === undefined || schemeOf(listener.address, schemes).datagrams) continue;
    const message = `expected an upstream that is not the admin server, got ${JSON.stringify(found.text)}`;
    problems.push({ path: `listeners.${listener.name}.upstream`, message });
  }
  return problems;
}

/** What is wrong with an address that the config gives no token for. */
function withoutToken(address: ListenAddress): Problem[] {
  if (address.path !== undefined || isLoopback(address.host)) return [];
  const [text, plain] = [addressText(address), canonicalHost(address.host)];
  if (!isLoopback(plain)) return [{ path: "admin.token", message: `expected a token too: ${text} can be reached from other machines` }];
  // Browsers and the rule for Host know no such address.
  return [{ path: "admin.listen", message: `write ${addressText({ ...address, host: plain })}: ${text} is the same, mapped into IPv6` }];
}
