import type { Direction } from "../../contract/index.ts";
import type { Outcome } from "../bench/running-session.ts";
import type { BenchInstance, PluginBench } from "../bench/plugin-bench.ts";
import { blockingOf } from "../cases/blocking.ts";
import { plain, type Input } from "../cases/play.ts";
import { codeOf, failed, isAnswer, wrongWith, wrongWithEnd } from "../cases/verdict.ts";
import { asGiven, inChunks, variantsOf, variantsOfChunks, type InputVariant, type VariantKind } from "../cases/variants.ts";
import { shortBytes } from "../values/shown.ts";
import { hasDatagrams } from "../values/transport-form.ts";
import { demand, hooksOf, type Check, type Subject } from "./check.ts";
import { inputs, large, oddChunks } from "./inputs.ts";

const kinds: Readonly<Partial<Record<VariantKind, string>>> = {
  cut: "has the same output however its chunks are cut",
  empty: "ignores empty chunks",
  lent: "keeps no lent chunk after the call",
  swap: "keeps its state over a swap",
  removed: "emits the data that it holds when a reload removes it",
  sessions: "keeps sessions apart",
  directions: "keeps the two directions of a session apart",
};

/** Kinds that are checked also when the output depends on the borders of chunks. */
const bordersMatter: readonly VariantKind[] = ["lent", "swap", "sessions"];

/** Checks of the output for the same input in many forms. */
export function byteChecks({ withBench, options }: Subject): Check[] {
  const borders = options.borders === "matter" || hasDatagrams(options.transport);
  const asked = (Object.keys(kinds) as VariantKind[]).filter((kind) => !borders || bordersMatter.includes(kind));
  return [
    { name: "accepts every input, emits only Buffers, and has the same output twice", run: () => withBench(bearsAll) },
    { name: "does not block the event loop", run: () => withBench(blocksNothing) },
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
      // oxlint-disable-next-line no-await-in-loop -- in order, so that the first failure is reported
      const first = await plain({ direction, chunks }, chunks)(bench);
      const what = `${bench.name}: ${direction} of ${shortBytes(input)}`;
      const wrong = isAnswer(first) ? undefined : wrongWithEnd(first);
      if (wrong !== undefined) throw failed(what, wrong);
      // oxlint-disable-next-line no-await-in-loop -- the second run after the first
      const second = await plain({ direction, chunks }, chunks)(bench);
      const differs = wrongWith(
        second,
        { bytes: first.bytes },
        "two runs with the same input differ: take the time from CLOCK and random numbers from a seed, and keep nothing between sessions (a RegExp with the flag g does)",
      );
      if (!isAnswer(first) && differs !== undefined) throw failed(what, differs);
    }
  }
}

async function blocksNothing(bench: PluginBench): Promise<void> {
  const [small = large] = inputs;
  // oxlint-disable-next-line no-await-in-loop -- one direction after the other
  for (const direction of await hooksOf(bench)) demand(bench, await blockingOf(bench, direction, small));
}

async function givesTheSame(bench: PluginBench, kind: VariantKind, borders: boolean): Promise<void> {
  const hooks = await hooksOf(bench);
  if (!appliesTo(await bench.construct(), kind, hooks)) return;
  for (const direction of hooks) {
    for (const input of inputs) {
      const third = Math.ceil(input.length / 3);
      const chunks = borders ? [input.subarray(0, third), input.subarray(third, 2 * third), input.subarray(2 * third)] : [input];
      // oxlint-disable-next-line no-await-in-loop -- in order, so that the first failure is reported
      await compare(bench, { direction, chunks }, kind, borders ? variantsOfChunks : variantsOf);
    }
    if (kind !== "cut") continue;
    const much = { direction, chunks: [large] };
    // oxlint-disable-next-line no-await-in-loop -- one direction after the other
    await compare(bench, much, kind, () => [inChunks(much, oddChunks(large))]);
  }
}

function appliesTo({ borrows, plugin }: BenchInstance, kind: VariantKind, hooks: readonly Direction[]): boolean {
  if (kind === "lent") return borrows;
  if (kind === "directions") return hooks.length === 2;
  return kind !== "sessions" || plugin.sessionsDiffer !== true;
}

type WaysOf = (input: Input, kinds: readonly VariantKind[]) => readonly InputVariant[];

async function compare(bench: PluginBench, input: Input, kind: VariantKind, ways: WaysOf): Promise<void> {
  const { direction, chunks } = input;
  const whole = Buffer.concat(chunks);
  const reference = await asGiven(input).run(bench);
  const unable = isAnswer(reference) ? undefined : wrongWithEnd(reference);
  if (unable !== undefined) throw failed(`${bench.name}: ${direction} of ${shortBytes(whole)}`, unable);
  // A plugin that changes or drops this input anyway need not keep it when it is removed.
  if (kind === "removed" && !(reference.end === "fin" && reference.bytes.equals(whole))) return;
  for (const way of ways(input, [kind])) {
    // oxlint-disable-next-line no-await-in-loop -- in order, so that the first failure is reported
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
