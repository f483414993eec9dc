import type { ClientLeg, LegConsumer } from "./client-leg.ts";
import { Deadline } from "../message/deadline.ts";

/** The beginning of the HTTP/2 preface; no other request begins with it (RFC 9113 section 3.4). */
const preface = "PRI ";
const nothing = Buffer.alloc(0);

/** Detects HTTP/2 with prior knowledge by a connection's first bytes. */
export class FirstBytes implements LegConsumer {
  #begun: Buffer = nothing;
  readonly #deadline = new Deadline(this);

  /**
   * @param timeout milliseconds for the first bytes
   * @param settled gives the leg to its consumer
   */
  constructor(
    private readonly leg: ClientLeg,
    timeout: number,
    private readonly settled: (isHttp2: boolean) => LegConsumer,
  ) {
    this.#deadline.set(timeout);
  }

  get pending(): number {
    return this.#begun.length;
  }

  get isIdle(): boolean {
    return this.#begun.length === 0;
  }

  received(chunk: Buffer): boolean {
    const bytes = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
    const first = bytes.toString("latin1", 0, preface.length);
    if (first.length < preface.length && preface.startsWith(first)) {
      this.#begun = bytes;
      return true;
    }
    this.#deadline.stop();
    return this.settled(first === preface).received(bytes);
  }

  ended(): void {
    this.#deadline.stop();
    if (this.#begun.length === 0) {
      this.leg.finish();
      return;
    }
    const consumer = this.settled(false);
    consumer.received(this.#begun);
    consumer.ended();
  }

  drained(): void {
    // Nothing was sent.
  }

  retire(): void {
    this.leg.finish();
  }

  closed(): void {
    this.#deadline.stop();
  }

  /** Called when the client sends nothing. */
  expired(): void {
    this.leg.abort();
  }
}
