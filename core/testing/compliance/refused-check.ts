import type { Direction } from "../../contract/index.ts";
import { BenchRun } from "../bench/bench-run.ts";
import type { Outcome, RunningSession } from "../bench/running-session.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { isAnswer, wrongWith, wrongWithEnd } from "../cases/verdict.ts";
import { demand, hooksOf, type Check, type Subject } from "./check.ts";

const parts = ["hello, ", "and more\n"].map((part) => Buffer.from(part));

/** Checks that an instance serves on after the one that inherited from it was torn down: another plugin may refuse the reload. */
export function refusedCheck({ withBench }: Subject): Check[] {
  return [{ name: "serves on when a reload is refused after inherit()", run: () => withBench(servesOn) }];
}

async function servesOn(bench: PluginBench): Promise<void> {
  for (const direction of await hooksOf(bench)) {
    // oxlint-disable-next-line no-await-in-loop -- one direction after the other
    const [before, newer] = await withReload(bench, direction, () => Promise.resolve());
    // oxlint-disable-next-line no-await-in-loop -- one direction after the other
    const [open, opened] = await withReload(bench, direction, (run) => run.refuseReload());
    demand(bench, wrongAfter(before, open, `an open session (${direction})`) ?? wrongAfter(newer, opened, `a new session (${direction})`));
  }
}

/** The outcomes of a session that is open during a reload, and of one that is opened after it. */
async function withReload(bench: PluginBench, direction: Direction, reload: (run: BenchRun) => Promise<void>): Promise<[Outcome, Outcome]> {
  const run = await BenchRun.start(bench);
  const [first, second] = parts;
  try {
    const session = await run.open();
    if (first !== undefined) session.feed(direction, first);
    await reload(run);
    if (second !== undefined) session.feed(direction, second);
    const newer = await run.open();
    newer.feed(direction, parts);
    return [await ended(session, direction), await ended(newer, direction)];
  } finally {
    await run.close();
  }
}

function ended(session: RunningSession, direction: Direction): Promise<Outcome> {
  session.finish(direction);
  return session.outcome(direction);
}

function wrongAfter(expected: Outcome, got: Outcome, what: string): string | undefined {
  if (isAnswer(expected) || wrongWithEnd(expected) !== undefined) return undefined;
  const wrong = wrongWith(got, { bytes: expected.bytes }, "its output differs");
  if (wrong === undefined) return undefined;
  return `${what} fails after a reload that another plugin refused: ${wrong}\ninherit() may take nothing away from \`previous\`, and teardown() may close only what no other instance uses`;
}
