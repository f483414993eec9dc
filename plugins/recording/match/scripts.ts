import type { Codec } from "sluice/codec";
import { framed } from "./frames.ts";
import { MessageIntake, StreamIntake, type Intake } from "./intake.ts";
import { LookUp } from "./look-up.ts";
import type { Entry } from "../format/recording.ts";
import { Sequence } from "./sequence.ts";
import type { Script } from "./script.ts";
import { paired, turnsOf, type DialogueTurns } from "./dialogue-turns.ts";

type Match = "sequence" | "strict" | "framed" | "table";

export interface ScriptRules {
  readonly match: Match;
  readonly datagrams: boolean;
  /** The codec of `framed`. */
  readonly codec: Codec<unknown> | undefined;
}

/** Makes the scripts for sessions, according to the rules of matching. */
export class Scripts {
  readonly #sessions: DialogueTurns[];

  /** @throws SLUICE_RECORDING_INVALID for bytes that are not a message of the codec */
  constructor(
    sessions: readonly (readonly Entry[])[],
    private readonly rules: ScriptRules,
  ) {
    this.#sessions = sessions.map((session) => this.#turnsOf(session));
  }

  /** Adds a recorded session. */
  add(session: readonly Entry[]): void {
    this.#sessions.push(this.#turnsOf(session));
  }

  /** The script of a new session. @param number the number of the session: each next one begins with the next recorded session */
  script(number: number): Script {
    const { match, datagrams } = this.rules;
    const first = number % Math.max(1, this.#sessions.length);
    const sessions = [...this.#sessions.slice(first), ...this.#sessions.slice(0, first)];
    if (match === "table") return new LookUp(this.#sessions, { whole: datagrams, use: "first" });
    if (match === "framed") return new LookUp(sessions, { whole: true, use: "once" });
    // Datagrams may be lost, repeated or reordered.
    if (match === "sequence" && datagrams) return new LookUp(sessions, { whole: true, use: "turns" });
    return new Sequence(sessions, { strict: match === "strict", whole: datagrams });
  }

  intake(): Intake {
    const { match, datagrams, codec } = this.rules;
    return datagrams || match === "framed" ? new MessageIntake(datagrams ? undefined : codec) : new StreamIntake();
  }

  #turnsOf(session: readonly Entry[]): DialogueTurns {
    const { match, datagrams, codec } = this.rules;
    if (match === "framed" && codec !== undefined) return paired(datagrams ? session : framed(session, codec));
    if (match === "table") return turnsOf(session.filter((entry) => "from" in entry));
    return match === "sequence" && datagrams ? paired(session) : turnsOf(session);
  }
}
