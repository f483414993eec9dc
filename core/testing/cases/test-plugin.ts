import { reasonOf, SluiceError } from "../../contract/index.ts";
import { PluginBench } from "../bench/plugin-bench.ts";
import { shortBytes } from "../values/shown.ts";
import { readCases, type Factory, type PluginCases, type ReadCase } from "./plugin-cases.ts";
import { checkBorders, termNames, type CaseTerms } from "./case-terms.ts";
import { refuseMisspelt } from "../values/known-keys.ts";
import { runCase } from "./run-case.ts";
import { runnerOf, type Runner } from "./runner.ts";
import { failed } from "./verdict.ts";

/** Options of testPlugin(). */
export interface TestPluginOptions extends CaseTerms, Partial<Runner> {}

/** The options of a factory. */
type OptionsOf<F extends Factory> = Exclude<Parameters<F>[0], undefined>;

/**
 * Tests a plugin with a table of cases: what it passes, changes and rejects, and what ends the session. It registers one test for each case with the
 * test runner's global `describe` and `it`, or with those in the options.
 *
 * Each case runs in a real flow without sockets. The result must be the same when the bytes come in one chunk, cut at every byte, byte by byte, with
 * empty chunks between, in lent memory that is overwritten after the call (if the plugin says that it borrows), with a swap at every byte, together
 * with another session, and together with the other direction. Waiting for `CLOCK` takes no real time.
 *
 * @example testPlugin(redact, { passes: ["call 123"], changes: [{ from: "card 12345678", to: "card ********" }], rejects: [{ digits: -1 }] })
 * @throws SLUICE_TEST_RUNNER when there is no test runner, SLUICE_TEST_INVALID or SLUICE_TEST_BYTES for a wrong table
 */
export function testPlugin<F extends Factory>(factory: F, cases: PluginCases<OptionsOf<F>>, options: TestPluginOptions = {}): void {
  if (typeof factory !== "function")
    throw new SluiceError(
      "SLUICE_TEST_INVALID",
      "testPlugin(factory, cases): expected the plugin's factory first, which definePlugin() makes",
    );
  checkTerms(options);
  const { describe, it } = runnerOf(options);
  const read = readCases(cases);
  describe(nameOf(factory), () => {
    for (const [at, given] of read.cases.entries()) it(titleOf(given), () => runCase(factory, given, options, at === 0));
    for (const rejected of read.rejects) it(`rejects ${shown(rejected)}`, () => runRejected(factory, rejected, options));
  });
}

/** Refuses misspelt options. Others pass: it may be a whole test runner that was given. @throws SLUICE_TEST_INVALID */
function checkTerms(options: TestPluginOptions): void {
  const place = "testPlugin(factory, cases, options)";
  refuseMisspelt(options, termNames, place);
  checkBorders(options, place);
}

/** @throws SLUICE_TEST_FAILED when the options are accepted, or refused with an error that is not about the config */
async function runRejected(factory: Factory, options: unknown, terms: CaseTerms): Promise<void> {
  let bench: PluginBench | undefined;
  try {
    bench = new PluginBench(factory(options as never), terms);
    const { plugin } = await bench.construct();
    try {
      await plugin.setup?.();
    } finally {
      await plugin.teardown?.();
    }
  } catch (error) {
    if (SluiceError.is(error) && error.code === "SLUICE_TEST_INVALID") throw error;
    if (reasonOf(error) !== "") return;
  } finally {
    bench?.close();
  }
  throw failed(nameOf(factory), `the options ${shown(options)} were to be rejected, but they were accepted`);
}

function nameOf(factory: Factory): string {
  const { definition } = factory as { readonly definition?: { readonly id?: string } };
  return definition?.id ?? factory.name;
}

function titleOf({ kind, name, from, to, code, options, direction }: ReadCase): string {
  if (name !== undefined) return name;
  const input = shortBytes(Buffer.concat(from));
  const what = {
    passes: `passes ${input}`,
    changes: `changes ${input} to ${shortBytes(Buffer.concat(to))}`,
    closes: `closes with ${code} at ${input}`,
  };
  return `${what[kind]}${direction === undefined ? "" : ` ${direction}`}${options === undefined ? "" : ` with ${shown(options)}`}`;
}

/** The text of options in a title. */
function shown(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, each: unknown) => (typeof each === "function" || typeof each === "bigint" ? String(each) : each)) ??
    String(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
