import * as fc from "fast-check";
import { borrowing, carrying, early, harmful, harmless, hanging, holding, type ChaosPlugin } from "./chaos-plugins.ts";
import type { ChaosAction } from "./chaos-peer.ts";

const action: fc.Arbitrary<ChaosAction> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      size: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 300_000 })),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("stall" as const, "resume" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("finish" as const, "reset" as const, "garbage" as const) }) },
);
/** What one side does. */
export const script: fc.Arbitrary<ChaosAction[]> = fc.array(action, { maxLength: 12 });

const bulkAction: fc.Arbitrary<ChaosAction> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("send" as const), size: fc.integer({ min: 100_000, max: 8_000_000 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("stall" as const, "slow" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("resume" as const, "finish" as const, "reset" as const) }) },
);
/** What one side does that moves bulk: it fills every buffer on the way. */
export const bulkScript: fc.Arbitrary<ChaosAction[]> = fc.array(bulkAction, { minLength: 1, maxLength: 8 });

/** Plugins that are lent chunks; with none at all a flow lends too. */
export const borrowers: fc.Arbitrary<ChaosPlugin[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...borrowing), at: fc.integer({ min: 0, max: 9 }) }),
  { maxLength: 3 },
);

const pluginOf = (...kinds: ChaosPlugin["kind"][]): fc.Arbitrary<ChaosPlugin> =>
  fc.record({
    kind: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...kinds) },
      { weight: 2, arbitrary: fc.constantFrom(...harmful) },
      { weight: 1, arbitrary: fc.constantFrom(...hanging) },
    ),
    at: fc.integer({ min: 0, max: 4 }),
  });
/** The plugins of a listener. */
export const plugins: fc.Arbitrary<ChaosPlugin[]> = fc.array(pluginOf(...harmless), { maxLength: 4 });
/** The plugins of a listener for streams. */
export const streamPlugins: fc.Arbitrary<ChaosPlugin[]> = fc.array(pluginOf(...harmless, ...carrying), { maxLength: 4 });

/** One reload while the sessions run. */
export interface ChaosApply {
  readonly ms: number;
  readonly plugins: readonly ChaosPlugin[];
  readonly sessions: "swap" | "keep" | "drain" | "close";
  readonly refused: boolean;
}

const applyOf = (given: fc.Arbitrary<ChaosPlugin[]>): fc.Arbitrary<ChaosApply> =>
  fc.record({
    ms: fc.integer({ min: 0, max: 8 }),
    plugins: given,
    sessions: fc.oneof(
      { weight: 6, arbitrary: fc.constant("swap" as const) },
      { weight: 1, arbitrary: fc.constantFrom("keep" as const, "drain" as const, "close" as const) },
    ),
    refused: fc.boolean(),
  });
/** The reloads of a run, each to some of the given plugins. */
export const appliesOf = (given: fc.Arbitrary<ChaosPlugin[]>): fc.Arbitrary<ChaosApply[]> => fc.array(applyOf(given), { maxLength: 4 });
export const applies = appliesOf(plugins);
export const streamApplies = appliesOf(streamPlugins);

/** Whether sessions may not end by themselves. */
export const mayHang = (lists: readonly (readonly ChaosPlugin[])[]): boolean =>
  lists.flat().some(({ kind }) => (hanging as readonly string[]).includes(kind));

/** Whether every byte must arrive, unless a peer breaks the connection. */
export function isGentle(first: readonly ChaosPlugin[], reloads: readonly ChaosApply[]): boolean {
  const all = [first, ...reloads.map((reload) => reload.plugins)].flat();
  return (
    all.every(({ kind }) => ([...harmless, ...carrying] as readonly string[]).includes(kind)) &&
    reloads.every(({ sessions }) => sessions === "swap" || sessions === "keep")
  );
}

/**
 * Whether a reload may come while operators that complete early have others before them that flush: what those held is lost with them,
 * and the new ones see the next byte.
 */
export function mayCut(first: readonly ChaosPlugin[], reloads: readonly ChaosApply[]): boolean {
  const kinds: readonly string[] = [first, ...reloads.map((reload) => reload.plugins)].flat().map(({ kind }) => kind);
  const some = (list: readonly string[]): boolean => kinds.some((kind) => list.includes(kind));
  return reloads.some(({ sessions, refused }) => sessions === "swap" && !refused) && some(early) && some(holding);
}

/** Whether a reload may exchange the order of two plugins that both hold bytes: the order of what they held is not promised (ADR 0011). */
export function mayMix(first: readonly ChaosPlugin[], reloads: readonly ChaosApply[]): boolean {
  const lists = [first, ...reloads.filter(({ refused }) => !refused).map((reload) => reload.plugins)];
  const orders = new Set<string>();
  for (const list of lists) {
    const kinds = list.map(({ kind }) => kind).filter((kind) => (carrying as readonly string[]).includes(kind));
    for (const [at, one] of kinds.entries()) for (const other of kinds.slice(at + 1)) if (one !== other) orders.add(`${one}, ${other}`);
  }
  return [...orders].some((order) => orders.has(order.split(", ").toReversed().join(", ")));
}

/**
 * Runs something with random input so many times, or as often as the time allows. The seed is printed, and can be given again as
 * SLUICE_CHAOS_SEED; a failure shows the smallest input that was found to fail.
 */
export async function runChaos<T>(
  name: string,
  input: fc.Arbitrary<T>,
  run: (input: T) => Promise<void>,
  budget: { readonly runs: number; readonly ms: number },
): Promise<void> {
  const seed = Number(process.env["SLUICE_CHAOS_SEED"] ?? Date.now() % 2 ** 31);
  process.stdout.write(`      ${name}: SLUICE_CHAOS_SEED=${seed}\n`);
  const end = performance.now() + budget.ms;
  let runs = 0;
  const property = fc.asyncProperty(input, async (given) => {
    if (performance.now() > end) return;
    runs += 1;
    await run(given);
  });
  await fc.assert(property, { seed, numRuns: budget.runs });
  process.stdout.write(`      ${name}: ${runs} runs\n`);
}

/** Counts what keeps the process busy, by kind. */
export function activeResources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** What keeps the process busy beyond what did before, by kind. What was there before may go meanwhile: it can be an earlier test's. */
export function resourcesBeyond(before: Readonly<Record<string, number>>): Record<string, number> {
  const more = Object.entries(activeResources()).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}
