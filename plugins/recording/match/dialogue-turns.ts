import type { Entry, Message } from "../format/recording.ts";

/** A message to send, or an end, with its delay after the entry before it. */
export interface Step {
  readonly entry: Entry;
  /** The recorded delay in milliseconds. */
  readonly wait: number;
}

/** A message of the client, with the answers to it. */
export interface DialogueTurn {
  readonly message: Message;
  readonly steps: readonly Step[];
}

/** A recorded session in the form in which its upstream is played. */
export interface DialogueTurns {
  /** What is sent before the client has sent anything. */
  readonly opening: readonly Step[];
  readonly turns: readonly DialogueTurn[];
}

/** The session in the form in which its upstream is played. */
export function turnsOf(session: readonly Entry[]): DialogueTurns {
  const opening: Step[] = [];
  const turns: { message: Message; steps: Step[] }[] = [];
  for (const [index, entry] of session.entries()) {
    const wait = Math.max(0, entry.at - (session[index - 1]?.at ?? 0));
    if ("from" in entry && entry.from === "client") turns.push({ message: entry, steps: [] });
    else (turns.at(-1)?.steps ?? opening).push({ entry, wait });
  }
  return { opening, turns };
}

/**
 * Like {@link turnsOf}, for protocols in which each message has its own answer, also when several messages are sent before an answer comes. With as
 * many answers as messages, the first answer belongs to the first message, and so on. Otherwise the entries after a message are its answer.
 */
export function paired(session: readonly Entry[]): DialogueTurns {
  const { opening, turns } = turnsOf(session);
  const said = turns.flatMap(({ steps }) => steps.filter(({ entry }) => "from" in entry));
  if (opening.some(({ entry }) => "from" in entry) || said.length !== turns.length) return { opening, turns };
  const ends = turns.at(-1)?.steps.filter(({ entry }) => "close" in entry) ?? [];
  const pairs = turns.map(({ message }, index) => ({ message, steps: said.slice(index, index + 1) }));
  const last = pairs.at(-1);
  if (last !== undefined) last.steps = [...last.steps, ...ends];
  return { opening, turns: pairs };
}
