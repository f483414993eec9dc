import type { Socket } from "node:net";
import { SluiceError } from "../../contract/index.ts";
import { resetSocket } from "../../net/node/reset-socket.ts";
import { bounded, maybeUnheard } from "../values/bounded.ts";
import { bytesOf, type Bytes } from "../values/bytes.ts";
import { shownBytes } from "../values/shown.ts";
import { waitOf, type WaitOptions } from "../values/wait.ts";
import { endingBy, endingOf } from "./end-of-socket.ts";
import { Received } from "./received.ts";
import type { ClientLimits } from "./client-limits.ts";
import type { Ending, OpenClient } from "./test-client.ts";

const ignore = (): void => undefined;

/** A client over TCP, TLS or a unix socket. */
export class StreamClient implements OpenClient {
  readonly datagrams = false;
  readonly local: string;
  readonly #received = new Received();
  readonly #timeout: number;
  readonly #unread: number;
  /** Called when bytes or the end have come. */
  readonly #waiting = new Set<() => void>();
  /** How the peer has ended. */
  #ended: Ending | undefined;
  #closed: Ending | undefined;

  /** @param socket a connected socket (perhaps reset since) that allows half-open connections and is not read yet */
  constructor(
    readonly url: string,
    private readonly socket: Socket,
    { timeout, unread }: ClientLimits,
  ) {
    this.#timeout = timeout;
    this.#unread = unread;
    // Reset while it was connected.
    if (socket.errored !== null) this.#ended = this.#closed = endingBy(socket.errored);
    this.local = socket.localAddress === undefined ? "" : `${socket.localAddress}:${socket.localPort}`;
    socket.on("data", (chunk: Buffer) => {
      this.#received.add(chunk);
      if (this.#received.length >= this.#unread && this.#waiting.size === 0) socket.pause();
      this.#wake();
    });
    socket.once("end", () => {
      this.#ended ??= endingOf(socket);
      // After a reset nothing more comes, but Node would wait for this side's FIN.
      if (this.#ended === "reset") socket.destroy();
      this.#wake();
    });
    socket.on("error", (error) => {
      this.#ended ??= endingBy(error);
      this.#closed ??= endingBy(error);
      this.#wake();
    });
    socket.once("close", () => {
      this.#ended ??= "reset";
      this.#closed ??= this.#ended;
      this.#wake();
    });
  }

  get ended(): Promise<Ending> {
    return maybeUnheard(this.#until(() => this.#ended, "the peer's end", this.#timeout));
  }

  get closed(): Promise<Ending> {
    const waited = this.#until(() => this.#closed, "both sides' end", this.#timeout);
    return maybeUnheard(waited);
  }

  write(data: Bytes): Promise<void> {
    const bytes = bytesOf(data, "write(data)");
    const written = new Promise<void>((resolve, reject) => {
      this.socket.write(bytes, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
    return maybeUnheard(bounded(written, this.#timeout, () => `${this.url} to take ${bytes.length} bytes`));
  }

  async read(bytes: number, options?: WaitOptions): Promise<Buffer> {
    if (!Number.isSafeInteger(bytes) || bytes < 0)
      throw new SluiceError("SLUICE_TEST_INVALID", `read(bytes): expected a whole number of bytes, got ${JSON.stringify(bytes)}`);
    const taken = (): Buffer | undefined => (this.#received.length >= bytes ? this.#received.take(bytes) : undefined);
    return this.#reading(taken, `${bytes} bytes`, this.#wait(options, "read(bytes, options)"));
  }

  async readUntil(text: Bytes, options?: WaitOptions): Promise<Buffer> {
    const wanted = bytesOf(text, "readUntil(text)");
    if (wanted.length === 0) throw new SluiceError("SLUICE_TEST_INVALID", "readUntil(text): expected at least 1 byte");
    const taken = (): Buffer | undefined => {
      const at = this.#received.whole().indexOf(wanted);
      return at < 0 ? undefined : this.#received.take(at + wanted.length);
    };
    const what = `bytes up to ${JSON.stringify(wanted.toString("latin1"))}`;
    return this.#reading(taken, what, this.#wait(options, "readUntil(text, options)"));
  }

  async readAll(options?: WaitOptions): Promise<Buffer> {
    const taken = (): Buffer | undefined => (this.#ended === "fin" ? this.#received.take() : undefined);
    return this.#reading(taken, "the peer's FIN", this.#wait(options, "readAll(options)"));
  }

  end(data?: Bytes): void {
    if (data === undefined) this.socket.end();
    else this.socket.end(bytesOf(data, "end(data)"));
  }

  reset(): void {
    this.#ended ??= "reset";
    this.#closed ??= "reset";
    resetSocket(this.socket);
  }

  send(): Promise<void> {
    return Promise.reject(new SluiceError("SLUICE_TEST_INVALID", `send() is for UDP, and this is ${this.url}: use write()`));
  }

  receive(): Promise<Buffer> {
    return Promise.reject(new SluiceError("SLUICE_TEST_INVALID", `receive() is for UDP, and this is ${this.url}: use read()`));
  }

  /** Resets the connection if it is still open. */
  [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    return Promise.resolve();
  }

  /** Whether its socket is open. */
  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  #wait(options: WaitOptions | undefined, place: string): number {
    return waitOf(options, this.#timeout, place);
  }

  async #reading(taken: () => Buffer | undefined, what: string, timeout: number): Promise<Buffer> {
    const result = await this.#until(() => taken() ?? this.#ended, what, timeout);
    if (Buffer.isBuffer(result)) return result;
    const how = result === "fin" ? "finished" : result === "reset" ? "reset the connection" : `failed (${result.message})`;
    throw new SluiceError("SLUICE_TEST_ENDED", `${this.url} ${how} before ${what} had come, ${this.#came()}`);
  }

  /** Waits until `result` returns a value; it is called again whenever something has come. */
  async #until<T>(result: () => T | undefined, what: string, timeout: number): Promise<T> {
    let look = ignore;
    const there = new Promise<T>((resolve) => {
      look = () => {
        const found = result();
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
    this.socket.resume();
    try {
      return await bounded(there, timeout, () => `${what} from ${this.url}, ${this.#came()}`);
    } finally {
      this.#waiting.delete(look);
    }
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }

  /** The bytes so far, for a message. */
  #came(): string {
    const ended = this.#ended === undefined ? "" : `, and the peer has ended (${String(this.#ended)})`;
    const own = this.#ended !== undefined && !this.socket.writableEnded ? ", and this side has not: call end()" : "";
    return `${this.#received.length} bytes were unread${ended}${own}:\n${shownBytes(this.#received.whole())}\n`;
  }
}
