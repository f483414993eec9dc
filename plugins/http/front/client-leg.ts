import { SluiceError } from "sluice";
import type { Leg, LegReader } from "sluice";
import { Deadline } from "../message/deadline.ts";
import { HeldBytes } from "../message/held-bytes.ts";

/** How long what a client still sends is read and dropped after the last response: closing at once could take it back (RST). */
const LINGER_MS = 2_000;

/** Who serves a client's connection: one after the other, as it turns out what it speaks. */
export interface LegConsumer {
  /** Bytes that were taken and wait. */
  readonly pending: number;
  /** Nothing has begun that is not over. @default false */
  readonly isIdle?: boolean;
  /** @returns false when enough waits: {@link ClientLeg.wanted} asks for more */
  received(chunk: Buffer): boolean;
  /** The client has finished sending. */
  ended(): void;
  /** There is room again after a `send` that returned false. */
  drained(): void;
  /** Asked to end as soon as what is under way is done. */
  retire(): void;
  /** The connection is gone. */
  closed(): void;
}

/** The leg by which `http()` answers a session: the session's flows end here, without a stream in between. */
export class ClientLeg implements Leg {
  readonly datagrams = false;
  readonly records = false;
  readonly borrows = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  #consumer: LegConsumer | undefined;
  #reader: LegReader | undefined;
  /** Sent while the session could take no more. */
  readonly #unsent = new HeldBytes();
  #deadline: Deadline | undefined;
  /** The session can take no more for now. */
  #isStopped = false;
  /** The session was told that there is enough. */
  #isFull = false;
  /** No byte of the client is wanted any more. */
  #isFinishing = false;
  /** FIN follows what was sent. */
  #isShut = false;
  #isInputEnded = false;
  #isOutputEnded = false;
  #isDestroyed = false;

  /** @param begin called once the session has begun */
  constructor(private readonly begin: (leg: ClientLeg) => LegConsumer) {}

  /** The session can take no more for now. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  get pending(): number {
    return this.#consumer?.pending ?? 0;
  }

  get isIdle(): boolean {
    return this.#consumer?.isIdle === true && this.#unsent.length === 0;
  }

  read(reader: LegReader): void {
    this.#reader = reader;
    this.#consumer ??= this.begin(this);
  }

  /** Hands the connection to another consumer. */
  serve(consumer: LegConsumer): void {
    this.#consumer = consumer;
  }

  write(chunk: Buffer): boolean {
    if (this.#isFinishing || this.#isDestroyed || chunk.length === 0) return true;
    if (this.#consumer?.received(chunk) === false) {
      this.#isFull = true;
      return false;
    }
    // Records come though there is enough: one of them may have made room.
    this.wanted();
    return true;
  }

  /** The consumer has room again. */
  wanted(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.onDrain?.();
  }

  end(): void {
    if (this.#isInputEnded || this.#isDestroyed) return;
    this.#isInputEnded = true;
    if (!this.#isFinishing) this.#consumer?.ended();
    this.#closeWhenDone();
  }

  resume(): void {
    this.#isStopped = false;
    for (let chunk = this.#unsent.shift(); chunk !== undefined; chunk = this.#isStopped ? undefined : this.#unsent.shift())
      this.#pass(chunk);
    if (this.#isStopped || this.#isDestroyed) return;
    if (this.#isShut) this.#endOutput();
    else this.#consumer?.drained();
  }

  retire(): void {
    if (!this.#isFinishing) this.#consumer?.retire();
  }

  /** Sends to the client. @returns false when enough waits */
  send(chunk: Buffer): boolean {
    if (this.#isStopped) this.#unsent.push(chunk);
    else this.#pass(chunk);
    return !this.#isStopped;
  }

  /** The last was sent: FIN. The client may go on sending. */
  shut(): void {
    this.#isShut = true;
    if (!this.#isStopped) this.#endOutput();
  }

  /** The last was sent, and nothing more is read: FIN, and the end once the client has finished, too. */
  finish(): void {
    if (this.#isFinishing || this.#isDestroyed) return;
    this.#isFinishing = true;
    this.#deadline = new Deadline(this);
    this.shut();
    this.wanted();
  }

  /** Ends the connection at once. @param error why; the client is reset unless it is left out */
  abort(error = new SluiceError("SLUICE_CLOSED", "http closed the connection")): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.failed(error);
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#reader = undefined;
    this.#unsent.clear();
    this.#deadline?.stop();
    this.#consumer?.closed();
    queueMicrotask(() => this.onClosed?.());
  }

  /** The client goes on sending after the last response. */
  expired(): void {
    this.abort();
  }

  #pass(chunk: Buffer): void {
    if (this.#reader?.data(chunk) === false) this.#isStopped = true;
  }

  #endOutput(): void {
    if (this.#isOutputEnded) return;
    this.#isOutputEnded = true;
    this.#reader?.end();
    if (!this.#isDestroyed) this.#deadline?.set(LINGER_MS);
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#isInputEnded && this.#isOutputEnded) this.destroy();
  }
}
