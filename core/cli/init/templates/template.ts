import type { PluginName } from "../plugin-name.ts";
import { mochaIt, runnerImports, runnerIt, type TestRunner } from "../test-runner.ts";

/** What `sluice init` can begin a plugin with. */
export interface Template {
  /** What it is, for whoever is asked. */
  readonly what: string;
  /** The plugin's source. */
  readonly source: (name: PluginName) => string;
  /** Its test. @param from what the test imports the plugin by */
  readonly test: (name: PluginName, from: string, runner: TestRunner) => string;
  /** A listener that uses it. */
  readonly listener: (name: PluginName) => string;
  /** What that listener imports of `sluice/plugins`, beside `logging`. */
  readonly uses: string;
}

/** A test that is a table. @param table the second argument of `testPlugin` */
export function tableTest({ id }: PluginName, from: string, runner: TestRunner, table: string): string {
  return `${runnerImports[runner]}import { testPlugin } from "sluice/testing";
import { ${id} } from ${JSON.stringify(from)};

// Every case runs with the bytes whole, cut at every place, over a reload at every byte, and more.
testPlugin(${runner === "mocha" ? `${id}, ${table}` : `\n  ${id},\n  ${table.replaceAll("\n", "\n  ")},\n  { describe, it },\n`});
`;
}

/** A test with sockets. @param imports its lines of import, without the runner's */
export function socketTest(runner: TestRunner, imports: string, body: string): string {
  return `${imports.replace("\n", `\n${runnerIt[runner]}`)}\n${runner === "mocha" ? mochaIt : ""}${body}`;
}
