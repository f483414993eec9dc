import { isFrom, type Entry, type Message, type Side } from "./recording.ts";

/** Something to be said, or an end, and how long after what was before it. */
export interface Step {
  readonly entry: Entry;
  /** Milliseconds, as recorded. */
  readonly wait: number;
}

/** A message of the other side's, and what is said to it. */
export interface Turn {
  readonly message: Message;
  readonly steps: readonly Step[];
}

/** A recorded session, as one of its sides plays it. */
export interface Turns {
  /** What is said before the other side has said anything. */
  readonly opening: readonly Step[];
  readonly turns: readonly Turn[];
}

/** @param theirs the side that is not played */
export function turnsOf(session: readonly Entry[], theirs: Side): Turns {
  const opening: Step[] = [];
  const turns: { message: Message; steps: Step[] }[] = [];
  for (const [index, entry] of session.entries()) {
    const wait = Math.max(0, entry.at - (session[index - 1]?.at ?? 0));
    if (isFrom(entry, theirs)) turns.push({ message: entry, steps: [] });
    else (turns.at(-1)?.steps ?? opening).push({ entry, wait });
  }
  return { opening, turns };
}

/**
 * The same where each message has an answer of its own. Several may be under way at once; where there are as many answers as messages, the first is
 * of the first, and so on. Otherwise what follows a message is its answer.
 */
export function paired(session: readonly Entry[], theirs: Side): Turns {
  const { opening, turns } = turnsOf(session, theirs);
  const said = turns.flatMap(({ steps }) => steps.filter(({ entry }) => "from" in entry));
  if (opening.some(({ entry }) => "from" in entry) || said.length !== turns.length) return { opening, turns };
  const ends = turns.at(-1)?.steps.filter(({ entry }) => "close" in entry) ?? [];
  const pairs = turns.map(({ message }, index) => ({ message, steps: said.slice(index, index + 1) }));
  const last = pairs.at(-1);
  if (last !== undefined) last.steps = [...last.steps, ...ends];
  return { opening, turns: pairs };
}
