import { matchMessage } from "./match-rule.ts";
import { nearest, type Script, type MatchedMessage, type Unmatched } from "./script.ts";
import type { Step, DialogueTurn, DialogueTurns } from "./dialogue-turns.ts";

export interface LookUpRules {
  /** Whether each message is complete: a datagram or a frame. */
  readonly whole: boolean;
  /** How often a turn may be used. `first`: always the first that matches. `turns`: those that were not used yet have priority. `once`: at most once. */
  readonly use: "first" | "turns" | "once";
}

/** Answers in any order, from the first session that has the message. */
export class LookUp implements Script {
  readonly opening: readonly Step[];
  readonly #taken = new Set<DialogueTurn>();

  /** @param sessions the preferred session first */
  constructor(
    private readonly sessions: readonly DialogueTurns[],
    private readonly rules: LookUpRules,
  ) {
    this.opening = sessions[0]?.opening ?? [];
  }

  /** Undefined: no message has to come. */
  get expected(): undefined {
    return undefined;
  }

  take(given: Buffer): MatchedMessage | Unmatched | "more" {
    let isMore = false;
    for (const turn of this.#inOrder()) {
      const matched = matchMessage(turn.message, given, this.rules.whole);
      if (typeof matched === "number") {
        this.#taken.add(turn);
        return { message: turn.message, bytes: matched, steps: turn.steps };
      }
      isMore ||= matched === "more";
    }
    if (isMore) return "more";
    return {
      expected: nearest(
        this.#inOrder().map(({ message }) => message),
        given,
      ),
    };
  }

  #inOrder(): readonly DialogueTurn[] {
    return this.sessions.flatMap(({ turns }) => {
      if (this.rules.use === "first") return turns;
      const fresh = turns.filter((turn) => !this.#taken.has(turn));
      return this.rules.use === "once" ? fresh : [...fresh, ...turns.filter((turn) => this.#taken.has(turn))];
    });
  }
}
