import type { Message } from "./recording.ts";
import type { Step } from "./turns.ts";

/** What came is this, and it is answered with these. */
export interface Taken {
  readonly message: Message;
  readonly bytes: number;
  readonly steps: readonly Step[];
}

/** Nothing recorded is like it. */
export interface Unmatched {
  /** What was expected, or is most like it; undefined: nothing more. */
  readonly expected: Message | undefined;
}

/** Says what is answered to what the other side says. */
export interface Script {
  /** What is said before the other side has said anything. */
  readonly opening: readonly Step[];
  /** What it has to say yet: it must not finish before. */
  readonly expected: Message | undefined;
  /** @param given what has come and was not taken: at least one byte */
  take(given: Buffer): Taken | Unmatched | "more";
}

/** The message that begins most like what came. */
export function nearest(messages: readonly Message[], given: Buffer): Message | undefined {
  let [best, most]: [Message | undefined, number] = [undefined, -1];
  for (const message of messages) {
    const common = commonLength(message.bytes, given);
    if (common > most) [best, most] = [message, common];
  }
  return best;
}

function commonLength(one: Buffer, other: Buffer): number {
  const most = Math.min(one.length, other.length);
  for (let at = 0; at < most; at += 1) if (one[at] !== other[at]) return at;
  return most;
}
