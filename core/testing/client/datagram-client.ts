import type { Socket } from "node:dgram";
import { SluiceError } from "../../contract/index.ts";
import { bounded, maybeUnheard } from "../values/bounded.ts";
import { bytesOf, type Bytes } from "../values/bytes.ts";
import { shownBytes } from "../values/shown.ts";
import { waitOf, type WaitOptions } from "../values/wait.ts";
import type { ClientLimits } from "./client-limits.ts";
import type { Ending, OpenClient } from "./test-client.ts";

/** The most unread datagrams that are kept; then the oldest are dropped. */
const MOST_KEPT = 65_536;

const ignore = (): void => undefined;

/** A client over UDP: one socket, connected to one address. */
export class DatagramClient implements OpenClient {
  readonly datagrams = true;
  readonly local: string;
  readonly #timeout: number;
  readonly #received: (Buffer | Error)[] = [];
  readonly #waiting: ((datagram: Buffer | Error) => void)[] = [];
  readonly #gone: Promise<void>;
  #sent = 0;
  #came = 0;
  #open = true;

  /** @param socket a connected socket */
  constructor(
    readonly url: string,
    private readonly socket: Socket,
    { timeout }: ClientLimits,
  ) {
    this.#timeout = timeout;
    const { address, port } = socket.address();
    this.local = `${address}:${port}`;
    this.#gone = new Promise((resolve) => void socket.once("close", resolve));
    socket.on("message", (datagram) => {
      this.#came += 1;
      this.#take(datagram);
    });
    // The network's report about an earlier datagram: nobody listens there (ECONNREFUSED).
    socket.on("error", (error) => {
      this.#take(error);
    });
  }

  get ended(): Promise<Ending> {
    return this.closed;
  }

  get closed(): Promise<Ending> {
    const gone = this.#gone.then((): Ending => "fin");
    return maybeUnheard(bounded(gone, this.#timeout, () => `the end of this client of ${this.url}: UDP has no end except your own end()`));
  }

  get isOpen(): boolean {
    return this.#open;
  }

  send(data: Bytes): Promise<void> {
    const datagram = bytesOf(data, "send(data)");
    const sent = new Promise<void>((resolve, reject) => {
      this.#sent += 1;
      this.socket.send(datagram, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    return maybeUnheard(bounded(sent, this.#timeout, () => `the kernel to take a datagram of ${datagram.length} bytes`));
  }

  async receive(options?: WaitOptions): Promise<Buffer> {
    const timeout = waitOf(options, this.#timeout, "receive(options)");
    let take: (datagram: Buffer | Error) => void = ignore;
    const next = new Promise<Buffer | Error>((resolve) => {
      take = resolve;
      const there = this.#received.shift();
      if (there === undefined) this.#waiting.push(take);
      else take(there);
    });
    try {
      const got = await bounded(
        next,
        timeout,
        () => `a datagram from ${this.url}: ${this.#sent} were sent, ${this.#came} came and were received before`,
      );
      if (got instanceof Error) throw got;
      return got;
    } finally {
      // A receive() that has given up must not take a datagram from others that still wait.
      const at = this.#waiting.indexOf(take);
      if (at >= 0) this.#waiting.splice(at, 1);
    }
  }

  end(data?: Bytes): void {
    if (!this.#open) return;
    this.#open = false;
    const close = (): void => {
      this.socket.close();
    };
    if (data === undefined) close();
    else this.socket.send(bytesOf(data, "end(data)"), close);
  }

  reset(): void {
    this.end();
  }

  write(): Promise<void> {
    return Promise.reject(this.#noStream("write", "send"));
  }

  read(): Promise<Buffer> {
    return Promise.reject(this.#noStream("read", "receive"));
  }

  readUntil(): Promise<Buffer> {
    return Promise.reject(this.#noStream("readUntil", "receive"));
  }

  readAll(): Promise<Buffer> {
    return Promise.reject(this.#noStream("readAll", "receive"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    await this.#gone;
  }

  #take(datagram: Buffer | Error): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next(datagram);
    else if (this.#received.push(datagram) > MOST_KEPT) this.#received.shift();
  }

  #noStream(method: string, instead: string): SluiceError {
    const kept = this.#received.filter((each) => Buffer.isBuffer(each)).at(0);
    const came = kept === undefined ? "" : `; the first datagram that waits:\n${shownBytes(kept)}\n`;
    return new SluiceError("SLUICE_TEST_INVALID", `${method}() is for streams, and this is ${this.url}: use ${instead}()${came}`);
  }
}
