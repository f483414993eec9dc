import { setImmediate as nextTurn } from "node:timers/promises";
import { reasonOf } from "../../contract/index.ts";
import { authorsLine } from "../values/authors-line.ts";

type Listener = (reason: unknown, promise: Promise<unknown>) => void;

/** The reasons that came during each run. */
const running = new Set<unknown[]>();
let outer: readonly Listener[] = [];

/**
 * Runs work, and finds rejections that nobody handled: a test runner would report them without a test, or for another test. Node does not say
 * whose they are, so they count for all work that runs at the same time.
 *
 * @returns what is wrong; undefined when nothing is
 */
export async function strayRejectionsOf(work: () => Promise<void>): Promise<string | undefined> {
  const reasons: unknown[] = [];
  if (running.size === 0) takeOver();
  running.add(reasons);
  try {
    await work();
    // Node reports them when the queue of promises is empty.
    await nextTurn();
  } finally {
    running.delete(reasons);
    if (running.size === 0) giveBack();
  }
  const [first] = reasons;
  if (reasons.length === 0) return undefined;
  const line = first instanceof Error ? authorsLine(first.stack) : "";
  return `a promise was rejected and nobody handled it: ${reasonOf(first)}${line === "" ? "" : ` ${line}`}. await the promise, or catch its error; a program that uses the proxy as a library ends here`;
}

function note(reason: unknown): void {
  for (const reasons of running) reasons.push(reason);
}

/** A runner's own listener would end the run. */
function takeOver(): void {
  outer = process.listeners("unhandledRejection");
  for (const listener of outer) process.removeListener("unhandledRejection", listener);
  process.on("unhandledRejection", note);
}

function giveBack(): void {
  process.removeListener("unhandledRejection", note);
  for (const listener of outer) process.on("unhandledRejection", listener);
  outer = [];
}
