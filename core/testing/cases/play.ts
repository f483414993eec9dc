import type { Direction } from "../../contract/index.ts";
import { BenchRun } from "../bench/bench-run.ts";
import type { Outcome, RunningSession } from "../bench/running-session.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { byteByByte } from "./cut.ts";
import { isAnswer } from "./verdict.ts";

/** The input of a direction. */
export interface Input {
  readonly direction: Direction;
  /** The given chunks; most variants cut the bytes differently, unless borders matter. */
  readonly chunks: readonly Buffer[];
}

/** Runs a plugin once. */
export type Play = (bench: PluginBench) => Promise<Outcome>;

/** One session: its chunks, and then the end of the input. @param lends whether chunks are lent, if the plugin says that it borrows */
export function plain({ direction }: Input, chunks: readonly Buffer[], lends = false): Play {
  return inRun(async (run) => {
    const session = await run.open(lends);
    session.feed(direction, chunks);
    return finished(session, direction);
  });
}

/** A reload between the parts of the input: the same plugin, or none. */
export function swapped({ direction }: Input, parts: readonly (readonly Buffer[])[], removed = false): Play {
  return inRun(async (run) => {
    const session = await run.open();
    for (const [index, part] of parts.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one part after the other
      if (index > 0) session.swap(removed ? undefined : await run.reload());
      session.feed(direction, part);
    }
    return finished(session, direction);
  });
}

/** Two sessions, which get one chunk each in turn. @param which the one to look at */
export function besideAnother({ direction }: Input, chunks: readonly Buffer[], which: "first" | "second"): Play {
  return inRun(async (run) => {
    const sessions = [await run.open(), await run.open()] as const;
    const [first, second] = sessions;
    for (const chunk of chunks) {
      second.feed(direction, chunk);
      first.feed(direction, chunk);
    }
    if (which === "first") second.finish(direction);
    const outcome = await finished(first, direction);
    return which === "first" ? outcome : unlessLimited(await finished(second, direction), outcome);
  });
}

/** A session after others, which had the same input. @param before the number of others */
export function afterOthers({ direction }: Input, chunks: readonly Buffer[], before: number): Play {
  return inRun(async (run) => {
    const outcomes: Outcome[] = [];
    for (let turn = 0; turn <= before; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one session after the other
      const session = await run.open();
      session.feed(direction, chunks);
      // oxlint-disable-next-line no-await-in-loop -- one session after the other
      outcomes.push(await finished(session, direction));
      session.end();
    }
    return unlessLimited(outcomes[before] as Outcome, outcomes[0] as Outcome);
  });
}

/** Sessions may share a limit: ending a later one with a code is an intended answer, and counts as what the first one got. */
function unlessLimited(later: Outcome, first: Outcome): Outcome {
  return isAnswer(later) && !isAnswer(first) ? first : later;
}

/**
 * Both directions of a session, which get one byte each in turn. If the other direction ends the session with its answer to this input, then without it.
 */
export function bothWays(input: Input, whole: Buffer): Play {
  const { direction } = input;
  const back = direction === "fromClient" ? "fromUpstream" : "fromClient";
  const bytes = byteByByte(whole);
  const both = inRun(async (run) => {
    const session = await run.open();
    for (const byte of bytes) {
      session.feed(back, byte);
      session.feed(direction, byte);
    }
    return finished(session, direction);
  });
  return async (bench) => {
    const outcome = await both(bench);
    if (!isAnswer(outcome) || !isAnswer(await plain({ direction: back, chunks: bytes }, bytes)(bench))) return outcome;
    return plain(input, bytes)(bench);
  };
}

function inRun(work: (run: BenchRun) => Promise<Outcome>): Play {
  return async (bench) => {
    const run = await BenchRun.start(bench);
    try {
      return await work(run);
    } finally {
      await run.close();
    }
  };
}

function finished(session: RunningSession, direction: Direction): Promise<Outcome> {
  session.finish(direction);
  return session.outcome(direction);
}
