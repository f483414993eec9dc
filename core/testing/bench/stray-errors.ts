import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { reasonOf } from "../../contract/index.ts";
import { authorsLine } from "../values/authors-line.ts";

/** Milliseconds in which the errors of the last sessions come, after the first error was seen. */
const LATE_MS = 10;

/** The ways in which an error reaches nobody, and how they are told. */
const kinds = {
  unhandledRejection: {
    what: "a promise was rejected and nobody handled it",
    remedy: "await the promise, or catch its error",
  },
  uncaughtException: {
    what: "an error was thrown where nobody can catch it, such as in a timer or in complete() of an observer",
    remedy: "catch it there, or pass it to error() of the output",
  },
} as const;

type Kind = keyof typeof kinds;
type Listener = (reason: unknown, ...more: unknown[]) => void;

interface Stray {
  readonly kind: Kind;
  readonly reason: unknown;
}

/** The errors that came during each run. */
const running = new Set<Stray[]>();
const note: Readonly<Record<Kind, Listener>> = {
  unhandledRejection: noteOf("unhandledRejection"),
  uncaughtException: noteOf("uncaughtException"),
};
let outer: readonly (readonly [Kind, Listener])[] = [];

/**
 * Runs work, and finds errors that reached nobody: a test runner would report them without a test, or for another test. Node does not say whose
 * they are, so they count for all work that runs at the same time. If the work fails too, such an error is most likely the reason.
 *
 * @returns what is wrong; undefined when nothing is
 */
export async function strayErrorsOf(work: () => Promise<void>): Promise<string | undefined> {
  const strays: Stray[] = [];
  if (running.size === 0) takeOver();
  running.add(strays);
  try {
    await work();
    // Node reports rejections when the queue of promises is empty.
    await nextTurn();
  } catch (error) {
    if (strays.length === 0) throw error;
  } finally {
    // Each session may have such an error. Those of the last ones come in a later turn, such as in a timer.
    if (strays.length > 0) await wait(LATE_MS);
    running.delete(strays);
    if (running.size === 0) giveBack();
  }
  const [first] = strays;
  if (first === undefined) return undefined;
  const { kind, reason } = first;
  const line = reason instanceof Error ? authorsLine(reason.stack) : "";
  const { what, remedy } = kinds[kind];
  return `${what}: ${reasonOf(reason)}${line === "" ? "" : ` ${line}`}. ${remedy}; a program that uses the proxy as a library ends here`;
}

function noteOf(kind: Kind): Listener {
  return (reason) => {
    for (const strays of running) strays.push({ kind, reason });
  };
}

/** A runner's own listeners would end the run. */
function takeOver(): void {
  outer = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    process.listeners(kind as "uncaughtException").map((each) => [kind, each as Listener] as const),
  );
  for (const [kind, listener] of outer) process.removeListener(kind, listener);
  for (const [kind, listener] of Object.entries(note)) process.on(kind, listener);
}

function giveBack(): void {
  for (const [kind, listener] of Object.entries(note)) process.removeListener(kind, listener);
  for (const [kind, listener] of outer) process.on(kind, listener);
  outer = [];
}
