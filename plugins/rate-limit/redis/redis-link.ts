import { SluiceError } from "sluice";
import { gcra, gcraDigest } from "./gcra.ts";
import type { ResolvedRedisOptions } from "./options.ts";

/** The used part of a client of `@redis/client`: for one server, a cluster, or a master behind sentinels. */
interface Client {
  readonly isOpen: boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): unknown;
  evalSha(digest: string, call: Call): Promise<unknown>;
  eval(script: string, call: Call): Promise<unknown>;
}

interface Call {
  readonly keys: string[];
  readonly arguments: string[];
}

const LONGEST_PAUSE = 1_000;

/** The connection to Redis, opened in the background, and opened again whenever it is lost. */
export class RedisLink {
  /** Resolves when the client exists, connected or not. Rejects only when the package is missing. */
  readonly opened: Promise<void>;
  /** Resolves when it is connected for the first time. */
  readonly connected: Promise<void>;
  #client: Client | undefined;
  #isClosed = false;
  #isConnected: () => void = () => undefined;

  constructor(private readonly options: ResolvedRedisOptions) {
    this.connected = new Promise((resolve) => {
      this.#isConnected = resolve;
    });
    this.opened = this.#open();
    // Reported by the code that waits for it.
    this.opened.catch(() => undefined);
  }

  /** Makes one decision. @returns milliseconds, see {@link gcra}. Rejects when the server does not make it */
  async decide(key: string, numbers: readonly number[]): Promise<number> {
    const client = this.#client;
    if (client === undefined) throw new Error("not connected");
    const call: Call = { keys: [key], arguments: numbers.map(String) };
    try {
      return Number(await client.evalSha(gcraDigest, call));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return Number(await client.eval(gcra, call));
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#destroy();
  }

  async #open(): Promise<void> {
    const client = await createClient(this.options);
    client.on("error", () => undefined);
    this.#client = client;
    if (this.#isClosed) return;
    void this.#connect(client, 0);
  }

  /** Tries again after every failure: the client does it, or the timer below. Until then decisions are made without Redis. */
  async #connect(client: Client, pause: number): Promise<void> {
    try {
      await client.connect();
      this.#isConnected();
    } catch {
      const next = Math.min(LONGEST_PAUSE, pause * 2 + 50);
      setTimeout(() => void (this.#isClosed || this.#connect(client, next)), next).unref();
    }
    if (this.#isClosed) this.#destroy();
  }

  #destroy(): void {
    if (this.#client?.isOpen === true) this.#client.destroy();
  }
}

/** The package is an optional peer dependency: it is loaded only when Redis is configured. */
async function createClient({ url, sentinel }: ResolvedRedisOptions): Promise<Client> {
  const { createClient: single, createCluster, createSentinel } = await load();
  const socket = { connectTimeout: LONGEST_PAUSE, reconnectStrategy: (retries: number) => Math.min(LONGEST_PAUSE, 50 * 2 ** retries) };
  const common = { disableOfflineQueue: true, socket };
  if (typeof url === "string") return single({ url, ...common });
  if (sentinel === undefined) {
    const { username, password, protocol } = new URL(url[0] ?? "");
    const secret = {
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    };
    const tls = protocol === "rediss:" ? { tls: true as const } : {};
    const defaults = { ...common, ...secret, socket: { ...socket, ...tls } };
    return createCluster({ rootNodes: url.map((each) => ({ url: each })), defaults });
  }
  const nodes = url
    .map((each) => new URL(each))
    .map(({ hostname, port }) => ({ host: hostname, port: port === "" ? 26_379 : Number(port) }));
  return createSentinel({ name: sentinel, sentinelRootNodes: nodes, nodeClientOptions: common });
}

async function load(): Promise<typeof import("@redis/client")> {
  try {
    return await import("@redis/client");
  } catch (error) {
    throw new SluiceError("SLUICE_PACKAGE_MISSING", "redis() needs @redis/client: npm install @redis/client", { cause: error });
  }
}
