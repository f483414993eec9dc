import type { SessionRecord } from "../../contract/index.ts";
import { bounded } from "../values/bounded.ts";

/** The most records that are kept; then the oldest are dropped. */
const MOST = 10_000;

const ignore = (): void => undefined;

/** The records of a proxy's ended sessions, and the waits for the next one. */
export class EndedSessions {
  readonly records: SessionRecord[] = [];
  readonly #waiting: ((record: SessionRecord) => void)[] = [];
  /** The number of records that `next` has returned. */
  #given = 0;

  add(record: SessionRecord): void {
    this.records.push(record);
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#given += 1;
      next(record);
    }
    if (this.records.length <= MOST) return;
    this.records.shift();
    this.#given = Math.max(0, this.#given - 1);
  }

  /** The next record; each is returned once, also one that came before the call. @throws SLUICE_TEST_TIMEOUT */
  async next(timeout: number): Promise<SessionRecord> {
    const there = this.records[this.#given];
    if (there !== undefined) {
      this.#given += 1;
      return there;
    }
    let take: (record: SessionRecord) => void = ignore;
    const coming = new Promise<SessionRecord>((resolve) => (take = resolve));
    this.#waiting.push(take);
    try {
      return await bounded(coming, timeout, () => `the end of a session: ${this.records.length} have ended before`);
    } finally {
      const at = this.#waiting.indexOf(take);
      if (at >= 0) this.#waiting.splice(at, 1);
    }
  }
}
