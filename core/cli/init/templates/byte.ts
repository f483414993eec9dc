import { tableTest, type Template } from "./template.ts";

/** Works on bytes, whatever protocol they are of. */
export const byte: Template = {
  what: "works on bytes, whatever protocol they are of",
  uses: "echo",
  source: ({ id }) => `import { definePlugin } from "sluice";
import { each, replaceBytes } from "sluice/flow";
import { z } from "zod";

const schema = z.object({
  /** What stands at the end of each line. */
  suffix: z.string().default(""),
});

// A plugin's hooks are RxJS operators. each() is the one for work on a chunk at a time, however the network cut it: return the chunk to pass
// on, null to drop it, or a promise of either. replaceBytes() finds what is longer than a byte, over every cut.
export const ${id} = definePlugin(
  "${id}",
  ({ suffix }) => ({
    fromClient: (data) =>
      data.pipe(
        each((chunk) => Buffer.from(chunk.toString("latin1").replace(/[a-z]+/g, (word) => word.toUpperCase()), "latin1")),
        replaceBytes("\\n", \`\${suffix}\\n\`),
      ),
  }),
  schema,
);
`,
  test: (name, from, runner) =>
    tableTest(
      name,
      from,
      runner,
      `{
  passes: ["123 4\\n", ""],
  changes: [
    { from: "hello\\nworld\\n", to: "HELLO\\nWORLD\\n" },
    { from: "hello\\n", to: "HELLO!\\n", options: { suffix: "!" } },
  ],
  rejects: [{ suffix: 1 }],
}`,
    ),
  listener: ({ id }) => `    // Answers by itself. Try it: nc 127.0.0.1 7000
    echo: { listen: "tcp://127.0.0.1:7000", plugins: [${id}({ suffix: "!" }), echo()] },
`,
};
