import { Deadline } from "../message/deadline.ts";
import { HeldBytes } from "../message/held-bytes.ts";

/** Bytes that may wait before the client is paused. With fewer, it is noticed at once when the client leaves. */
const ENOUGH = 64 * 1024;
/** Bytes that may wait when nothing has been used for a while. */
const MOST = 1024 * 1024;
const STILL_MS = 250;

/**
 * The bytes that a client sent after a request that is not answered yet. A connection that is not read does not tell that it has ended. So if nothing
 * moves for a while, reading continues: a client that left is noticed within a second, even if it sent much before.
 */
export class Backlog extends HeldBytes {
  /** Whether further bytes are read and dropped. */
  isCut = false;
  #most = ENOUGH;
  /** Made when it is first needed. */
  #deadline: Deadline | undefined;

  /** @param wanted called when more bytes may come */
  constructor(private readonly wanted: () => void) {
    super();
  }

  /** @param pending bytes that wait, including those of an unread body. @returns whether more may come */
  mayTake(pending: number): boolean {
    if (this.isCut || pending < this.#most) return true;
    if (this.#most === ENOUGH) (this.#deadline ??= new Deadline(this)).set(STILL_MS);
    return false;
  }

  /** @param pending bytes that wait. @returns whether the client is paused */
  isEnough(pending: number): boolean {
    return pending >= ENOUGH;
  }

  /**
   * Drops the bytes if there are too many to keep: the client may send those requests again (RFC 9112 section 9.3.2). @returns whether they were
   * dropped
   */
  cut(): boolean {
    if (this.length < MOST) return false;
    this.isCut = true;
    this.clear();
    return true;
  }

  /** Notes that some waiting bytes were used. */
  moved(): void {
    this.#most = ENOUGH;
    this.#deadline?.set(0);
  }

  expired(): void {
    this.#most = MOST;
    this.wanted();
  }

  override clear(): void {
    super.clear();
    this.#deadline?.stop();
  }
}
