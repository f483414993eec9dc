import type { Message } from "../format/recording.ts";
import type { Step } from "./dialogue-turns.ts";

/** A recorded message that matches, with its answers. */
export interface MatchedMessage {
  readonly message: Message;
  readonly bytes: number;
  readonly steps: readonly Step[];
}

/** No recorded message matches. */
export interface Unmatched {
  /** The expected message, or the most similar one; undefined when no more messages were recorded. */
  readonly expected: Message | undefined;
}

/** Decides the answers to the data of the other side. */
export interface Script {
  /** What is sent before the other side has sent anything. */
  readonly opening: readonly Step[];
  /** The message that the other side must still send before it ends. */
  readonly expected: Message | undefined;
  /** @param given the data that is not answered yet, at least one byte */
  take(given: Buffer): MatchedMessage | Unmatched | "more";
}

/** The message with the longest common beginning. */
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
