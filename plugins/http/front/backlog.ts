import { Deadline } from "../message/deadline.ts";
import { HeldBytes } from "../message/held-bytes.ts";

/** Bytes that wait before the client is stopped. Up to here its leaving is seen at once. */
const ENOUGH = 64 * 1024;
/** What is taken when nothing has moved for a while. */
const MOST = 1024 * 1024;
const STILL_MS = 250;

/**
 * What a client sent behind a request that is not answered yet. A connection that is not read does not tell that it has ended, so one on
 * which nothing moves is read further: a client that left is noticed within a second, whatever it left behind.
 */
export class Backlog extends HeldBytes {
  /** What still comes is read, and dropped. */
  isCut = false;
  #most = ENOUGH;
  readonly #deadline = new Deadline(this);

  /** @param wanted called when more may come */
  constructor(private readonly wanted: () => void) {
    super();
  }

  /** @param pending bytes that wait, those of a body that nobody has read included @returns whether more may come */
  mayTake(pending: number): boolean {
    if (this.isCut || pending < this.#most) return true;
    if (this.#most === ENOUGH) this.#deadline.set(STILL_MS);
    return false;
  }

  /** @param pending bytes that wait @returns whether the client was told to wait */
  isEnough(pending: number): boolean {
    return pending >= ENOUGH;
  }

  /** Drops it where it is more than can be kept: the client may send it again (RFC 9112 section 9.3.2). @returns whether it was */
  cut(): boolean {
    if (this.length < MOST) return false;
    this.isCut = true;
    this.clear();
    return true;
  }

  /** Something that waited was used. */
  moved(): void {
    this.#most = ENOUGH;
    this.#deadline.set(0);
  }

  expired(): void {
    this.#most = MOST;
    this.wanted();
  }

  override clear(): void {
    super.clear();
    this.#deadline.stop();
  }
}
