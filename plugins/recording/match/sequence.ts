import { matchMessage } from "./match-rule.ts";
import type { Message } from "../format/recording.ts";
import type { Script, MatchedMessage, Unmatched } from "./script.ts";
import type { Step, DialogueTurn, DialogueTurns } from "./dialogue-turns.ts";

/** Answers in the recorded order, however chunks are cut. */
export class Sequence implements Script {
  readonly opening: readonly Step[];
  #session: DialogueTurns;
  #at = 0;

  /**
   * @param sessions the recorded sessions, the preferred first. When its next message does not match, another session with the same messages so far
   * is used
   * @param rules.strict another session is used only before the first answer
   * @param rules.whole each message is a datagram
   */
  constructor(
    private readonly sessions: readonly DialogueTurns[],
    private readonly rules: { readonly strict: boolean; readonly whole: boolean },
  ) {
    this.#session = sessions[0] ?? { opening: [], turns: [] };
    this.opening = this.#session.opening;
  }

  get expected(): Message | undefined {
    return this.#session.turns[this.#at]?.message;
  }

  take(given: Buffer): MatchedMessage | Unmatched | "more" {
    const { expected } = this;
    for (const session of [this.#session, ...this.#others()]) {
      const turn = session.turns[this.#at];
      const matched = turn === undefined ? "no" : matchMessage(turn.message, given, this.rules.whole);
      if (turn === undefined || matched === "no") continue;
      this.#session = session;
      if (matched === "more") return "more";
      this.#at += 1;
      return { message: turn.message, bytes: matched, steps: turn.steps };
    }
    return { expected };
  }

  /** The sessions in which the other side has sent the same so far. */
  #others(): DialogueTurns[] {
    if (this.rules.strict && this.#at > 0) return [];
    const said = this.#session.turns.slice(0, this.#at);
    return this.sessions.filter((session) => session !== this.#session && said.every((turn, index) => isSame(turn, session.turns[index])));
  }
}

function isSame({ message }: DialogueTurn, other: DialogueTurn | undefined): boolean {
  return other !== undefined && message.bytes.equals(other.message.bytes) && message.rule === other.message.rule;
}
