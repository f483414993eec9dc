import type { Outcome } from "../bench/bench-run.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { plain, type Input } from "../cases/play.ts";
import { failed, wrongWith, wrongWithEnd } from "../cases/verdict.ts";
import { asGiven, inChunks, waysOf, waysOfChunks, type Way, type WayKind } from "../cases/ways.ts";
import { shortBytes } from "../values/shown.ts";
import { hooksOf, type Check, type Subject } from "./check.ts";
import { inputs, large, oddChunks } from "./inputs.ts";

const kinds: Readonly<Partial<Record<WayKind, string>>> = {
  cut: "gives the same wherever its chunks are cut",
  empty: "takes an empty chunk for what it is: nothing",
  lent: "keeps no chunk past the call that it was lent for",
  swap: "keeps its state over a swap",
  removed: "gives what it holds when a reload removes it",
  sessions: "keeps sessions apart",
  directions: "keeps the two directions of a session apart",
};

/** Those that hold also where the output depends on the chunks' borders. */
const bordersMatter: readonly WayKind[] = ["lent", "swap"];

/** What comes out, however it came in. */
export function byteChecks({ withBench, options }: Subject): Check[] {
  const borders = options.borders === "matter" || options.transport === "udp";
  const asked = (Object.keys(kinds) as WayKind[]).filter((kind) => !borders || bordersMatter.includes(kind));
  return [
    { name: "fails at no input, emits Buffers alone, and does the same twice", run: () => withBench(bearsAll) },
    ...asked.map((kind) => ({ name: kinds[kind] ?? kind, run: () => withBench((bench) => givesTheSame(bench, kind, borders)) })),
  ];
}

async function bearsAll(bench: PluginBench): Promise<void> {
  const opened = await plain({ direction: "fromClient", chunks: [] }, [])(bench);
  const unopened = isAnswer(opened) ? undefined : wrongWithEnd(opened);
  if (unopened !== undefined) throw failed(bench.name, unopened);
  for (const direction of await hooksOf(bench)) {
    for (const input of [Buffer.alloc(0), ...inputs, large]) {
      const chunks = input === large ? oddChunks(input) : [input];
      // oxlint-disable-next-line no-await-in-loop -- the first that fails is told
      const first = await plain({ direction, chunks }, chunks)(bench);
      const what = `${bench.name}: ${direction} of ${shortBytes(input)}`;
      const wrong = isAnswer(first) ? undefined : wrongWithEnd(first);
      if (wrong !== undefined) throw failed(what, wrong);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const second = await plain({ direction, chunks }, chunks)(bench);
      const differs = wrongWith(
        second,
        { bytes: first.bytes },
        "two runs of the same differ: take the time from CLOCK, and chance from a seed",
      );
      if (!isAnswer(first) && differs !== undefined) throw failed(what, differs);
    }
  }
}

async function givesTheSame(bench: PluginBench, kind: WayKind, borders: boolean): Promise<void> {
  const hooks = await hooksOf(bench);
  const { borrows } = await bench.construct();
  if ((kind === "lent" && !borrows) || (kind === "directions" && hooks.length < 2)) return;
  for (const direction of hooks) {
    for (const input of inputs) {
      const third = Math.ceil(input.length / 3);
      const chunks = borders ? [input.subarray(0, third), input.subarray(third, 2 * third), input.subarray(2 * third)] : [input];
      // oxlint-disable-next-line no-await-in-loop -- the first that fails is told
      await compare(bench, { direction, chunks }, kind, borders ? waysOfChunks : waysOf);
    }
    if (kind !== "cut") continue;
    const much = { direction, chunks: [large] };
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await compare(bench, much, kind, () => [inChunks(much, oddChunks(large))]);
  }
}

type WaysOf = (input: Input, kinds: readonly WayKind[]) => readonly Way[];

async function compare(bench: PluginBench, input: Input, kind: WayKind, ways: WaysOf): Promise<void> {
  const { direction, chunks } = input;
  const whole = Buffer.concat(chunks);
  const reference = await asGiven(input).run(bench);
  if (reference.end === "open") throw failed(`${bench.name}: ${direction} of ${shortBytes(whole)}`, wrongWithEnd(reference) ?? "");
  // What a plugin does not conserve it need not conserve when it is removed.
  if (kind === "removed" && !(reference.end === "fin" && reference.bytes.equals(whole))) return;
  for (const way of ways(input, [kind])) {
    // oxlint-disable-next-line no-await-in-loop -- the first that fails is told
    const outcome = await way.run(bench);
    const wrong = isAnswer(reference)
      ? otherAnswer(reference, outcome, way.wrong)
      : wrongWith(outcome, { bytes: reference.bytes }, way.wrong);
    if (wrong !== undefined) throw failed(`${bench.name}: ${direction} of ${shortBytes(whole)} ${way.how}`, wrong);
  }
}

function otherAnswer(reference: Outcome, outcome: Outcome, wrong: string): string | undefined {
  if (codeOf(reference) === codeOf(outcome)) return undefined;
  return `in one chunk the session ends with ${codeOf(reference)}, and here with ${codeOf(outcome)}: ${wrong}`;
}

function codeOf({ end }: Outcome): string {
  return typeof end === "string" ? end : end.code;
}

/** Faults of a plugin that ended the session; any other code is its answer to the input. */
const faults: readonly string[] = ["SLUICE_PLUGIN_FAILED", "SLUICE_PLUGIN_CHUNK", "SLUICE_SWAP_TIMEOUT"];

/** Whether the plugin ended the session on purpose. */
export function isAnswer({ end }: Outcome): boolean {
  return typeof end !== "string" && !faults.includes(end.code);
}
