import { matchBytes } from "./match-bytes.ts";
import type { MatchRule, Message } from "../format/recording.ts";

const NOTHING = Buffer.alloc(0);

/** The number of bytes that match; `more` when they may match with more data; or `no`. */
export type MatchResult = number | "more" | "no";

/** Compares data with an entry. @param whole whether the data is a complete message (a datagram or a frame), and not the beginning of a stream */
export function matchMessage(message: Message, given: Buffer, whole: boolean): MatchResult {
  return message.rule === undefined ? matchBytes(message.bytes, given, whole) : matchRule(message.rule, given, whole);
}

function matchRule(rule: MatchRule, given: Buffer, whole: boolean): MatchResult {
  const { prefix = NOTHING } = rule;
  const common = Math.min(prefix.length, given.length);
  if (!prefix.subarray(0, common).equals(given.subarray(0, common))) return "no";
  const end = whole ? given.length : endOf(given, prefix.length, rule);
  if (common < prefix.length || end > given.length) return whole ? "no" : "more";
  return holds(rule, given.subarray(0, end)) ? end : "no";
}

function holds({ length, regexp }: MatchRule, message: Buffer): boolean {
  return (length === undefined || message.length === length) && (regexp === undefined || regexp.test(message.toString("latin1")));
}

/** The end of a message on a stream; Infinity when it has not come yet. Without a rule for the end, the message is all data so far. */
function endOf(given: Buffer, from: number, { length, until }: Pick<MatchRule, "length" | "until">): number {
  if (until === undefined) return length ?? given.length;
  const at = given.indexOf(until, from);
  return at === -1 ? Infinity : at + until.length;
}
