import { matchMessage } from "./match-rule.ts";
import { nearest, type Script, type Taken, type Unmatched } from "./script.ts";
import type { Step, Turn, Turns } from "./turns.ts";

export interface LookUpRules {
  /** Each message is one by itself: a datagram, a frame. */
  readonly whole: boolean;
  /** How often a turn may be taken. `first`: the first that matches, always. `turns`: those that were not taken yet go first. `once`: no more than once. */
  readonly use: "first" | "turns" | "once";
}

/** In any order, of the first session that has what came. */
export class LookUp implements Script {
  readonly opening: readonly Step[];
  readonly #taken = new Set<Turn>();

  /** @param sessions the likeliest first */
  constructor(
    private readonly sessions: readonly Turns[],
    private readonly rules: LookUpRules,
  ) {
    this.opening = sessions[0]?.opening ?? [];
  }

  /** Nothing has to come. */
  get expected(): undefined {
    return undefined;
  }

  take(given: Buffer): Taken | Unmatched | "more" {
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

  #inOrder(): readonly Turn[] {
    return this.sessions.flatMap(({ turns }) => {
      if (this.rules.use === "first") return turns;
      const fresh = turns.filter((turn) => !this.#taken.has(turn));
      return this.rules.use === "once" ? fresh : [...fresh, ...turns.filter((turn) => this.#taken.has(turn))];
    });
  }
}
