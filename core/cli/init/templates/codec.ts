import { tableTest, type Template } from "./template.ts";

/** Works on messages: lines here. */
export const codec: Template = {
  what: "works on messages: lines, JSON, length prefixes, or a protocol of your own",
  uses: "echo",
  source: ({ id }) => `import { definePlugin } from "sluice";
import { lines, messages } from "sluice/codec";
import { each } from "sluice/flow";

// messages() joins the chunks and runs its operator on whole messages. Other codecs: delimited, lengthPrefixed, jsonLines, frames.
export const ${id} = definePlugin("${id}", () => ({
  fromClient: (data) =>
    data.pipe(
      messages(
        lines({ max: 64 * 1024 }),
        each((line) => (line.startsWith("#") ? null : line.toUpperCase())),
      ),
    ),
}));
`,
  test: (name, from, runner) =>
    tableTest(
      name,
      from,
      runner,
      `{
  passes: ["123\\n", "456"],
  changes: [
    { from: "hello\\nworld\\n", to: "HELLO\\nWORLD\\n" },
    { from: "one\\n# a comment\\ntwo\\n", to: "ONE\\nTWO\\n" },
  ],
}`,
    ),
  listener: ({ id }) => `    // Answers without an upstream. Try it: nc 127.0.0.1 7000
    echo: { listen: "tcp://127.0.0.1:7000", plugins: [${id}(), echo()] },
`,
};
