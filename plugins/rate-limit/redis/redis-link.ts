import { clientOf, longestPause, type Call, type Client } from "./redis-client.ts";
import { gcra, gcraDigest } from "./gcra.ts";
import type { ResolvedRedisOptions } from "./options.ts";

/** The connection to Redis, opened in the background, and opened again whenever it is lost. */
export class RedisLink {
  /** Resolves when the client exists, connected or not. Rejects only when the package is missing. */
  readonly opened: Promise<void>;
  /** Resolves when it is connected for the first time. */
  readonly connected: Promise<void>;
  /** Why it cannot be used: the newest error, until a decision succeeds. */
  trouble: string | undefined;
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
    const decision = await evaluate(client, { keys: [key], arguments: numbers.map(String) });
    this.trouble = undefined;
    return decision;
  }

  close(): void {
    this.#isClosed = true;
    this.#destroy();
  }

  async #open(): Promise<void> {
    const client = await clientOf(this.options);
    client.on("error", (error) => {
      this.#failed(error);
    });
    this.#client = client;
    if (this.#isClosed) return;
    void this.#connect(client, 0);
  }

  /** Tries again after every failure: the client does it, or the timer below. Until then decisions are made without Redis. */
  async #connect(client: Client, pause: number): Promise<void> {
    try {
      await client.connect();
      this.#isConnected();
    } catch (error) {
      this.#failed(error);
      const next = Math.min(longestPause, pause * 2 + 50);
      setTimeout(() => void (this.#isClosed || this.#connect(client, next)), next).unref();
    }
    if (this.#isClosed) this.#destroy();
  }

  #failed(error: unknown): void {
    const { message, code } = error as NodeJS.ErrnoException;
    // The error of several addresses has no message.
    this.trouble = message === "" ? code : message;
  }

  #destroy(): void {
    if (this.#client?.isOpen === true) this.#client.destroy();
  }
}

async function evaluate(client: Client, call: Call): Promise<number> {
  try {
    return Number(await client.evalSha(gcraDigest, call));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return Number(await client.eval(gcra, call));
  }
}
