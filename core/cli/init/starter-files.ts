import { SluiceError } from "../../contract/index.ts";
import type { PluginName } from "./plugin-name.ts";
import { templates, type TemplateName } from "./templates/index.ts";
import type { TestRunner } from "./test-runner.ts";

/** What to create in a project. */
export interface ProjectChoices {
  readonly name: PluginName;
  readonly template: TemplateName;
  readonly runner: TestRunner;
  /** Whether TypeScript treats a `.ts` in the folder as an ES module, as it always does for `.mts`. */
  readonly isModule: boolean;
}

/** The texts of files by their paths in the folder. */
export type Files = Readonly<Record<string, string>>;

/**
 * A plugin and its test. Imports end in `.js` or `.mjs`, which tsc accepts with all settings.
 * @throws SLUICE_USAGE for a name that the plugin's own code uses
 */
export function pluginFiles({ name, template, runner, isModule }: ProjectChoices): Files {
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
export function configFile(wanted: ProjectChoices): Files {
  return { [wanted.isModule ? "proxy.config.ts" : "proxy.config.mts"]: configText(wanted) };
}

function configText({ name, template, isModule }: ProjectChoices): string {
  const { listener, uses } = templates[template];
  return `import { defineConfig } from "sluice";
import { ${[uses, "logging"].toSorted().join(", ")} } from "sluice/plugins";
import { ${name.id} } from "./my-plugins/${name.file}.${isModule ? "js" : "mjs"}";

// Save this file or a plugin's file while connections are open: they use the new pipeline from their next byte on.
export default defineConfig({
  // For every listener, before its own plugins.
  plugins: [logging()],
  listeners: {
${listener(name)}
    // A listener for another server (add retry to the import above):
    // back: { listen: "tcp://127.0.0.1:8081", upstream: "localhost:3001", plugins: [retry({ attempts: 5 })] },
  },
});
`;
}

function refuseTaken({ id }: PluginName, texts: readonly string[]): void {
  const imports = texts.flatMap((text) => Array.from(text.matchAll(/^import (.+) from "([^"]+)"/gm)));
  const other = imports.find(([, names = "", from = ""]) => !from.startsWith(".") && new RegExp(`\\b${id}\\b`).test(names));
  if (other !== undefined || id === "schema")
    throw new SluiceError(
      "SLUICE_USAGE",
      `--plugin: the plugin's code uses the name "${id}" for something else${other === undefined ? "" : ` (from ${other[2]})`}: choose another name`,
    );
}
