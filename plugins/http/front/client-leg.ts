import { SluiceError } from "sluice";
import type { Leg, LegReader, Session } from "sluice";
import { Deadline } from "../message/deadline.ts";
import { clientLeft } from "../message/failure.ts";
import { HeldBytes } from "../message/held-bytes.ts";

/**
 * Milliseconds after the last response in which the client's data is read and dropped: closing at once could send a RST, which discards the response.
 */
const LINGER_MS = 2_000;

/** Serves a client's connection. When the protocol becomes known or changes, another consumer takes over. */
export interface LegConsumer {
  /** Bytes that were accepted and wait. */
  readonly pending: number;
  /** Whether nothing is in progress. @default false */
  readonly isIdle?: boolean;
  /** @returns false when enough bytes wait; then {@link ClientLeg.wanted} asks for more */
  received(chunk: Buffer): boolean;
  /** Called when the client has finished sending. */
  ended(): void;
  /** Called when there is room again after a `send` that returned false. */
  drained(): void;
  /** Asks it to end when everything in progress is done. */
  retire(): void;
  /** Called when the connection is closed. */
  closed(): void;
}

/** The leg with which `http()` answers a session. The session's flows end here, without a stream in between. */
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
  /** Bytes that were sent while the session had no room. */
  readonly #unsent = new HeldBytes();
  #deadline: Deadline | undefined;
  /** Whether the session has no room now. */
  #isStopped = false;
  /** Whether the session was told to wait. */
  #isFull = false;
  /** Whether all further bytes of the client are dropped. */
  #isFinishing = false;
  /** Whether FIN follows the last byte. */
  #isShut = false;
  #failure: SluiceError | undefined;
  #isInputEnded = false;
  #isOutputEnded = false;
  #isDestroyed = false;

  /** @param begin called once the session has begun */
  constructor(private readonly begin: (leg: ClientLeg) => LegConsumer) {}

  /** Whether the session has no room now. */
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

  /** Gives the connection to another consumer. */
  serve(consumer: LegConsumer): void {
    this.#consumer = consumer;
  }

  write(chunk: Buffer): boolean {
    if (this.#isFinishing || this.#isDestroyed || chunk.length === 0) return true;
    if (this.#consumer?.received(chunk) === false) {
      this.#isFull = true;
      return false;
    }
    // Further chunks may come after a false result; this one may have made room.
    this.wanted();
    return true;
  }

  /** Called by the consumer when it has room again. */
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

  /** Sends to the client. @returns false when enough bytes wait */
  send(chunk: Buffer): boolean {
    if (this.#isStopped) this.#unsent.push(chunk);
    else this.#pass(chunk);
    return !this.#isStopped;
  }

  /** Ends the output (FIN). The client may continue sending. */
  shut(): void {
    this.#isShut = true;
    if (!this.#isStopped) this.#endOutput();
  }

  /**
   * Ends the output (FIN) and drops all further input; the connection closes when the client has finished too.
   * @param failure the reason of the session's end, if that is an error
   */
  finish(failure?: SluiceError): void {
    if (this.#isFinishing || this.#isDestroyed) return;
    this.#isFinishing = true;
    // A client that had finished before may still be reading, and an error would reset it.
    if (!this.#isInputEnded) this.#failure = failure;
    this.#deadline = new Deadline(this);
    this.shut();
    this.wanted();
  }

  /** Ends the connection at once. @param error the reason; without it the client is not reset */
  abort(error = new SluiceError("SLUICE_CLOSED", "http closed the connection")): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.failed(error);
  }

  /**
   * Ends a client that has finished sending and counts as gone. It may be closing in order, so it is not reset where a FIN will do.
   * @param isCut whether a FIN would look like the end of a response
   */
  left(session: Session, isCut: boolean): void {
    const error = clientLeft();
    if (!isCut) session.close(error, { how: "fin" });
    // A session that was ending already has ignored that.
    this.abort(error);
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

  /** Called when the client still sends long after the last response. */
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
    if (!this.#isInputEnded || !this.#isOutputEnded) return;
    if (this.#failure === undefined) this.destroy();
    else this.abort(this.#failure);
  }
}
