import { SluiceError } from "../../contract/index.ts";
import type { PluginName } from "./plugin-name.ts";
import { templates, type TemplateName } from "./templates/index.ts";
import type { TestRunner } from "./test-runner.ts";

/** What a project is to get. */
export interface Wanted {
  readonly name: PluginName;
  readonly template: TemplateName;
  readonly runner: TestRunner;
  /** Whether TypeScript takes a `.ts` of the folder for an ES module; `.mts` always is one. */
  readonly isModule: boolean;
}

/** A file by its place in the folder, and its text. */
export type Files = Readonly<Record<string, string>>;

/**
 * A plugin and its test. Imports end as the output of tsc would, which every setting of tsc accepts.
 * @throws SLUICE_USAGE for a name that the plugin's own code uses
 */
export function pluginFiles({ name, template, runner, isModule }: Wanted): Files {
  const { source, test } = templates[template];
  const ending = isModule ? "ts" : "mts";
  const from = `./${name.file}.${isModule ? "js" : "mjs"}`;
  const files = {
    [`my-plugins/${name.file}.${ending}`]: source(name),
    [`my-plugins/${name.file}.test.${ending}`]: test(name, from, runner),
  };
  refuseTaken(name, [...Object.values(files), configText({ name, template, runner, isModule })]);
  return files;
}

/** A config that uses the plugin. */
export function configFile(wanted: Wanted): Files {
  return { [wanted.isModule ? "proxy.config.ts" : "proxy.config.mts"]: configText(wanted) };
}

function configText({ name, template, isModule }: Wanted): string {
  const { listener, uses } = templates[template];
  return `import { defineConfig } from "sluice";
import { ${[uses, "logging"].toSorted().join(", ")} } from "sluice/plugins";
import { ${name.id} } from "./my-plugins/${name.file}.${isModule ? "js" : "mjs"}";

// Save this file, or a plugin's, while connections are open: they take the new pipeline at their next byte.
export default defineConfig({
  // For every listener, in front of its own.
  plugins: [logging()],
  listeners: {
${listener(name)}
    // In front of another server of yours (add retry to the import above):
    // back: { listen: "tcp://127.0.0.1:8081", upstream: "localhost:3001", plugins: [retry({ attempts: 5 })] },
  },
});
`;
}

function refuseTaken({ id }: PluginName, texts: readonly string[]): void {
  const imports = texts.flatMap((text) => Array.from(text.matchAll(/^import (.+) from "([^"]+)"/gm)));
  const other = imports.find(([, names = "", from = ""]) => !from.startsWith(".") && new RegExp(`\\b${id}\\b`).test(names));
  if (other !== undefined || id === "schema")
    throw new SluiceError("SLUICE_USAGE", `--plugin: "${id}" is what the plugin's code names something of ${other?.[2] ?? "its own"}`);
}
