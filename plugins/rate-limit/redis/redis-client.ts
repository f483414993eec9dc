import { SluiceError } from "sluice";
import type { ResolvedRedisOptions } from "./options.ts";

/** The used part of a client of `@redis/client`: for one server, a cluster, or a master behind sentinels. */
export interface Client {
  readonly isOpen: boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): unknown;
  evalSha(digest: string, call: Call): Promise<unknown>;
  eval(script: string, call: Call): Promise<unknown>;
}

export interface Call {
  readonly keys: string[];
  readonly arguments: string[];
}

interface Secret {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** How long a client waits at most before it connects again, in milliseconds. */
export const longestPause = 1_000;

const socket = { connectTimeout: longestPause, reconnectStrategy: (retries: number) => Math.min(longestPause, 50 * 2 ** retries) };
const common = { disableOfflineQueue: true, socket };

/**
 * The package is an optional peer dependency: it is loaded only when Redis is configured.
 * @throws SLUICE_PACKAGE_MISSING
 */
export async function clientOf({ url, sentinel }: ResolvedRedisOptions): Promise<Client> {
  const { createClient, createCluster, createSentinel } = await load();
  if (typeof url === "string") return createClient({ url, ...common });
  // The addresses of a list differ only in host and port.
  const first = new URL(url[0] ?? "");
  const servers = { ...common, ...tlsOf(first), ...secretOf(decoded(first)) };
  if (sentinel === undefined) return createCluster({ rootNodes: url.map((each) => ({ url: each })), defaults: servers });
  return createSentinel({
    name: sentinel.name,
    sentinelRootNodes: url.map((each) => hostOf(new URL(each))),
    nodeClientOptions: { ...servers, ...databaseOf(first) },
    sentinelClientOptions: { ...common, ...tlsOf(first), ...secretOf(sentinel) },
  });
}

function hostOf({ hostname, port }: URL): { host: string; port: number } {
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? 26_379 : Number(port) };
}

function decoded({ username, password }: URL): Secret {
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/** Without what is empty: the package would send it. */
function secretOf({ username = "", password = "" }: Secret): { username?: string; password?: string } {
  return { ...(username === "" ? {} : { username }), ...(password === "" ? {} : { password }) };
}

function tlsOf({ protocol }: URL): { socket?: typeof socket & { tls: true } } {
  return protocol === "rediss:" ? { socket: { ...socket, tls: true } } : {};
}

function databaseOf({ pathname }: URL): { database?: number } {
  return pathname.length > 1 ? { database: Number(pathname.slice(1)) } : {};
}

async function load(): Promise<typeof import("@redis/client")> {
  try {
    return await import("@redis/client");
  } catch (error) {
    throw new SluiceError("SLUICE_PACKAGE_MISSING", "redis() needs @redis/client: npm install @redis/client", { cause: error });
  }
}
