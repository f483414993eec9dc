import { socketTest, type Template } from "./template.ts";

/** A bad network, made of faults. */
export const faults: Template = {
  what: "simulates a bad network, made of faults",
  uses: "echo",
  source: ({ id }) => `import type { Duration, PluginUse } from "sluice";
import { bandwidth, latency } from "sluice/faults";

/** Your own bad network: several faults under one name, in the order in which data passes them. The same seed makes the same random choices. */
export const ${id} = ({ delay = "80ms" }: { readonly delay?: Duration } = {}): readonly PluginUse[] => [
  latency({ delay, jitter: "20ms", seed: 1 }),
  bandwidth({ rate: "64KiB/s" }),
];
`,
  test: ({ id }, from, runner) =>
    socketTest(
      runner,
      `import assert from "node:assert/strict";
import { echo } from "sluice/plugins";
import { startProxy } from "sluice/testing";
import { ${id} } from ${JSON.stringify(from)};
`,
      `it("${id} loses nothing, also when it is removed while it holds data", async () => {
  const proxy = await startProxy({ plugins: [${id}({ delay: "5ms" }), echo()] });
  try {
    const client = await proxy.connect();
    await client.write("hello");
    assert.equal(String(await client.read(5)), "hello");
    await proxy.apply({ plugins: [${id}({ delay: "1h" }), echo()] });
    await client.write("held");
    await proxy.apply({ plugins: [echo()] });
    assert.equal(String(await client.read(4)), "held");
  } finally {
    await proxy.close();
  }
});
`,
    ),
  listener: ({ id }) => `    // Answers without an upstream, with a delay. Try it: nc 127.0.0.1 7000
    echo: { listen: "tcp://127.0.0.1:7000", plugins: [${id}(), echo()] },
`,
};
