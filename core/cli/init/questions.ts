import { createInterface } from "node:readline/promises";
import { readPluginName, type PluginName } from "./plugin-name.ts";
import { isTemplateName, templates, type TemplateName } from "./templates/index.ts";

/** What is not known yet. */
export interface Answers {
  readonly name: PluginName | undefined;
  readonly template: TemplateName | undefined;
}

/** Asks at the terminal for what is missing: two questions at most, each with an answer that Enter takes. */
export async function ask({ name, template }: Answers): Promise<Answers> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-D and Ctrl-C at a question end the command, and nothing has been written.
  const left = new AbortController();
  terminal.once("close", () => {
    left.abort();
  });
  const question = (text: string): Promise<string> => terminal.question(text, { signal: left.signal });
  try {
    const kind = template ?? (await askTemplate(question));
    return { template: kind, name: name ?? readPluginName((await question("The plugin's name (shout): ")) || "shout") };
  } finally {
    terminal.removeAllListeners("close");
    terminal.close();
  }
}

async function askTemplate(question: (text: string) => Promise<string>): Promise<TemplateName> {
  const kinds = Object.entries(templates).map(([name, { what }]) => `  ${name.padEnd(8)}${what}\n`);
  const answer = (await question(`A first plugin. What does it work on?\n${kinds.join("")}(byte): `)).trim() || "byte";
  return isTemplateName(answer) ? answer : askTemplate(question);
}
