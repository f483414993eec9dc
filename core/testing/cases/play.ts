import { BenchRun, type Direction, type Outcome, type RunningSession } from "../bench/bench-run.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { byteByByte } from "./cut.ts";

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
    session.feed(direction, ...chunks);
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
      session.feed(direction, ...part);
    }
    return finished(session, direction);
  });
}

/** Two sessions, which get one byte each in turn. */
export function besideAnother({ direction }: Input, whole: Buffer): Play {
  return inRun(async (run) => {
    const [session, other] = [await run.open(), await run.open()];
    for (const byte of byteByByte(whole)) {
      other.feed(direction, byte);
      session.feed(direction, byte);
    }
    other.finish(direction);
    return finished(session, direction);
  });
}

/** Both directions of a session, which get one byte each in turn. */
export function bothWays({ direction }: Input, whole: Buffer): Play {
  const back = direction === "fromClient" ? "fromUpstream" : "fromClient";
  return inRun(async (run) => {
    const session = await run.open();
    for (const byte of byteByByte(whole)) {
      session.feed(back, byte);
      session.feed(direction, byte);
    }
    return finished(session, direction);
  });
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
