import { tableTest, type Template } from "./template.ts";

/** Works on the bytes of any protocol. */
export const byte: Template = {
  what: "works on the bytes of any protocol",
  uses: "echo",
  source: ({ id }) => `import { definePlugin } from "sluice";
import { each, replaceBytes } from "sluice/flow";
import { z } from "zod";

const schema = z.object({
  /** A text to add at the end of each line. */
  suffix: z.string().default(""),
});

// A plugin's hooks are RxJS operators. each() works on one chunk at a time, as the network cut the data: return the chunk to pass on, null to
// drop it, or a promise of either. replaceBytes() also finds texts that are divided between chunks.
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
  listener: ({ id }) => `    // Answers without an upstream. Try it: nc 127.0.0.1 7000
    echo: { listen: "tcp://127.0.0.1:7000", plugins: [${id}({ suffix: "!" }), echo()] },
`,
};
