import { SluiceError } from "sluice";
import { hexDifference } from "./hex-difference.ts";
import type { MatchRule, Message } from "../format/recording.ts";

/**
 * An error that shows the data next to the recording, in hex and text.
 *
 * @param expected undefined when nothing more was recorded
 * @param summary what is wrong; left out: other data came, or the end
 */
export function unmatchedError(
  expected: Message | undefined,
  given: Buffer,
  file: string,
  summary: string = summaryOf(expected, given),
): SluiceError {
  const where = expected?.where ?? file;
  const recorded = expected?.bytes ?? Buffer.alloc(0);
  return new SluiceError("SLUICE_REPLAY_UNMATCHED", `${summary}\n${hexDifference(recorded, given)}\n`, { where });
}

function summaryOf(expected: Message | undefined, given: Buffer): string {
  if (expected === undefined) return `${given.length} bytes came where nothing more was recorded`;
  if (given.length === 0) return "the end came before this";
  return expected.rule === undefined ? "what came is not what was recorded" : `what came does not match ${ruleText(expected.rule)}`;
}

function ruleText({ prefix, regexp, length, until }: MatchRule): string {
  const parts = [
    prefix === undefined ? undefined : `prefix: ${JSON.stringify(String(prefix))}`,
    regexp === undefined ? undefined : `regexp: ${String(regexp)}`,
    length === undefined ? undefined : `length: ${length}`,
    until === undefined ? undefined : `until: ${JSON.stringify(String(until))}`,
  ];
  return parts.filter((part) => part !== undefined).join(", ") || "any message";
}
