import type { PluginName } from "../plugin-name.ts";
import { mochaIt, runnerImports, runnerIt, type TestRunner } from "../test-runner.ts";

/** A template for a new plugin. */
export interface Template {
  /** Its description, for the question at the terminal. */
  readonly what: string;
  /** The plugin's source. */
  readonly source: (name: PluginName) => string;
  /** Its test. @param from the import path of the plugin */
  readonly test: (name: PluginName, from: string, runner: TestRunner) => string;
  /** A listener that uses it. */
  readonly listener: (name: PluginName) => string;
  /** What that listener imports from `sluice/plugins`, in addition to `logging`. */
  readonly uses: string;
}

/** A test with a table of cases. @param table the second argument of `testPlugin` */
export function tableTest({ id }: PluginName, from: string, runner: TestRunner, table: string): string {
  return `${runnerImports[runner]}import { testPlugin } from "sluice/testing";
import { ${id} } from ${JSON.stringify(from)};

// Each case runs with all bytes in one chunk, cut at every place, with a reload at every byte, and more.
testPlugin(${runner === "mocha" ? `${id}, ${table}` : `\n  ${id},\n  ${table.replaceAll("\n", "\n  ")},\n  { describe, it },\n`});
`;
}

/** A test with sockets. @param imports its imports, without the runner's */
export function socketTest(runner: TestRunner, imports: string, body: string): string {
  return `${imports.replace("\n", `\n${runnerIt[runner]}`)}\n${runner === "mocha" ? mochaIt : ""}${body}`;
}
