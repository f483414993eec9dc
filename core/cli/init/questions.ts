import { createInterface } from "node:readline/promises";
import { readPluginName, type PluginName } from "./plugin-name.ts";
import { isTemplateName, templates, type TemplateName } from "./templates/index.ts";

/** The answers; those that are undefined are asked for. */
export interface Answers {
  readonly name: PluginName | undefined;
  readonly template: TemplateName | undefined;
}

/** Asks at the terminal for missing answers: at most two questions, each with a default answer for Enter. */
export async function ask({ name, template }: Answers): Promise<Answers> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Ctrl-D and Ctrl-C at a question end the command before anything is written.
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
