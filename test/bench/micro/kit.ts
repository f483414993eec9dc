// What the kit for tests costs: cases of a table, a proxy that starts, and a hundred at once.
import { echo } from "sluice/plugins";
import { startProxy, testPlugin } from "sluice/testing";
import { redact } from "../../../docs/examples/redact.ts";
import { table } from "../report.ts";

const cases = 200;

/** Milliseconds that some work takes. */
async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Runs a table of so many rows, whose bytes are as long as rows have them. */
async function runCases(): Promise<void> {
  const tests: (() => unknown)[] = [];
  const it = (_title: string, test: () => unknown): void => void tests.push(test);
  const describe = (_title: string, define: () => void): void => {
    define();
  };
  const changes = Array.from({ length: cases }, (_, at) => ({
    from: `card 123456789${at}, pin 1\n`,
    to: `card ${"*".repeat(9 + String(at).length)}, pin 1\n`,
  }));
  testPlugin(() => redact({ digits: 8 }), { changes }, { describe, it });
  for (const test of tests) await test();
}

async function start(): Promise<void> {
  const proxy = await startProxy({ plugins: [echo()] });
  await proxy.close();
}

/** The rows of the kit. */
export async function kitTable(): Promise<string> {
  const first = await time(start);
  const next = await time(start);
  const hundred = await time(() => Promise.all(Array.from({ length: 100 }, start)));
  const table200 = await time(runCases);
  return table(
    ["the kit", "measured"],
    [
      ["startProxy and close, the first of a process", `${first.toFixed(0)} ms`],
      ["startProxy and close, another", `${next.toFixed(1)} ms`],
      ["a hundred of them at once", `${hundred.toFixed(0)} ms`],
      ["cases of testPlugin a second", ((cases * 1000) / table200).toFixed(0)],
    ],
  );
}
