import { type Direction, directions } from "../../contract/index.ts";
import type { Outcome } from "../bench/running-session.ts";
import { PluginBench } from "../bench/plugin-bench.ts";
import { changedSince, processState } from "../bench/process-state.ts";
import { strayErrorsOf } from "../bench/stray-errors.ts";
import { shortBytes } from "../values/shown.ts";
import { hasDatagrams } from "../values/transport-form.ts";
import { blockingOf } from "./blocking.ts";
import type { CaseTerms } from "./case-terms.ts";
import type { Factory, ReadCase } from "./plugin-cases.ts";
import { failed, wrongWith, wrongWithEnd } from "./verdict.ts";
import { asGiven, variantsOf, variantsOfChunks, type VariantKind } from "./variants.ts";

interface Shape {
  readonly borrows: boolean;
  /** Whether sessions may differ on purpose. */
  readonly differ: boolean;
  /** The plugin's byte hooks. */
  readonly hooks: readonly Direction[];
}

/**
 * Runs one case in every variant.
 *
 * @param isFirst of its table: it also shows what the plugin changes in the process, once
 * @throws SLUICE_TEST_FAILED for the first variant with another result
 */
export async function runCase(factory: Factory, given: ReadCase, terms: CaseTerms, isFirst: boolean): Promise<void> {
  const bench = new PluginBench(factory(given.options as never), terms);
  const before = isFirst ? processState() : undefined;
  try {
    const stray = await strayErrorsOf(() => runDirections(bench, given, terms));
    const wrong = stray ?? bench.wrongWithOptions ?? (before === undefined ? undefined : changedSince(before));
    if (wrong !== undefined) throw failed(`${bench.name}: ${shortBytes(Buffer.concat(given.from))}`, wrong);
  } finally {
    bench.close();
  }
}

async function runDirections(bench: PluginBench, given: ReadCase, terms: CaseTerms): Promise<void> {
  const shape = await shapeOf(bench);
  const [first = "fromClient", ...others] = directionsOf(given, shape);
  await runDirection(bench, given, { ...shape, direction: first, terms });
  for (const direction of others) {
    // oxlint-disable-next-line no-await-in-loop -- in order, so that the first failure is reported
    if (given.kind === "passes" || (await isMeant(bench, given, direction)))
      await runDirection(bench, given, { ...shape, direction, terms });
  }
}

function directionsOf({ direction }: ReadCase, { hooks }: Shape): readonly Direction[] {
  if (direction !== undefined) return [direction];
  return hooks.length === 0 ? directions : hooks;
}

async function shapeOf(bench: PluginBench): Promise<Shape> {
  const { plugin, borrows } = await bench.construct();
  const hooks = directions.filter((direction) => plugin[direction] !== undefined);
  return { borrows, differ: plugin.sessionsDiffer === true, hooks };
}

/** Whether the case applies to this direction of the plugin. */
async function isMeant(bench: PluginBench, given: ReadCase, direction: Direction): Promise<boolean> {
  const outcome = await asGiven({ direction, chunks: given.from }).run(bench);
  return wrongIn(given, outcome, "", undefined) === undefined;
}

async function runDirection(
  bench: PluginBench,
  given: ReadCase,
  { direction, terms, ...shape }: Shape & { readonly direction: Direction; readonly terms: CaseTerms },
): Promise<void> {
  const bordersMatter = terms.borders === "matter" || hasDatagrams(terms.transport);
  const whole = Buffer.concat(given.from);
  const input = { direction, chunks: bordersMatter || given.from.length === 1 ? given.from : [whole] };
  const kinds = kindsOf(given, shape);
  const variants = bordersMatter ? variantsOfChunks(input, kinds) : variantsOf(input, kinds);
  await demandQuick(bench, direction, input.chunks[0] ?? whole);
  const chunks = bordersMatter && given.to.length > 1 ? given.to : undefined;
  for (const variant of [asGiven(input), ...variants]) {
    // oxlint-disable-next-line no-await-in-loop -- in order, so that the simplest failing variant is reported
    const wrong = wrongIn(given, await variant.run(bench), variant.wrong, chunks);
    if (wrong !== undefined) throw failed(`${bench.name}: ${direction} of ${shortBytes(whole)} ${variant.how}`, wrong);
  }
}

async function demandQuick(bench: PluginBench, direction: Direction, chunk: Buffer): Promise<void> {
  const wrong = await blockingOf(bench, direction, chunk);
  if (wrong !== undefined) throw failed(`${bench.name}: ${direction} of ${shortBytes(chunk)}`, wrong);
}

/** The kinds of variants, the simplest first, so that a failure shows its reason. */
function kindsOf({ kind }: ReadCase, { borrows, differ, hooks }: Shape): VariantKind[] {
  const lent: readonly VariantKind[] = borrows ? ["lent"] : [];
  const removed: readonly VariantKind[] = kind === "passes" ? ["removed"] : [];
  const sessions: readonly VariantKind[] = differ ? [] : ["sessions"];
  const both: readonly VariantKind[] = hooks.length === 2 ? ["directions"] : [];
  return ["cut", "empty", ...lent, "swap", ...removed, ...sessions, ...both];
}

function wrongIn(given: ReadCase, outcome: Outcome, wrong: string, chunks: readonly Buffer[] | undefined): string | undefined {
  if (given.kind !== "closes") return wrongWith(outcome, { bytes: Buffer.concat(given.to), chunks }, wrong);
  if (outcome.end !== "fin" && outcome.end !== "open") {
    const { code } = outcome.end as { readonly code: string };
    return code === given.code ? undefined : `the session was to end with ${given.code}; ${wrongWithEnd(outcome)}`;
  }
  return `the session was to end with ${given.code}, and it did not end; ${outcome.bytes.length} bytes came out${wrong === "" ? "" : ` (${wrong})`}`;
}
