import type { Direction } from "../../contract/index.ts";
import type { Outcome } from "../bench/running-session.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { plain } from "../cases/play.ts";
import { failed, wrongWithEnd } from "../cases/verdict.ts";
import { shortBytes } from "../values/shown.ts";
import { hasDatagrams } from "../values/transport-form.ts";
import { hooksOf, type Check, type Subject } from "./check.ts";
import { inputs } from "./inputs.ts";

/** Bytes without output from which on the plugin counts as holding data. */
const HELD = 8;

/**
 * Checks that no data is held back at the end of the input. The right output of a plugin is not known here, but it must be consistent: output that
 * comes when more input follows must also come when the input ends.
 */
export function lossCheck({ withBench, options }: Subject): Check[] {
  if (hasDatagrams(options.transport)) return [];
  return [
    {
      name: "loses nothing at the end of the input (FIN)",
      run: () =>
        withBench(async (bench) => {
          for (const direction of await hooksOf(bench))
            // oxlint-disable-next-line no-await-in-loop -- in order, so that the first failure is reported
            for (const input of inputs) await losesNothing(bench, direction, input);
        }),
    },
  ];
}

async function losesNothing(bench: PluginBench, direction: Direction, input: Buffer): Promise<void> {
  const outcomes: Outcome[] = [];
  for (let length = 0; length <= input.length; length += 1) {
    const chunks = [input.subarray(0, length)];
    // oxlint-disable-next-line no-await-in-loop -- one beginning of the input after the other
    const outcome = await plain({ direction, chunks }, chunks)(bench);
    if (outcome.end === "open") throw failed(`${bench.name}: ${direction} of ${shortBytes(input)}`, wrongWithEnd(outcome) ?? "");
    if (outcome.end !== "fin") return;
    outcomes.push(outcome);
  }
  const outputs = outcomes.map(({ bytes }) => bytes);
  const at = lostAt(input, outputs);
  if (at === undefined) return;
  const [got, more] = [
    outputs[at]?.length ?? 0,
    outputs.find((each, length) => length > at && each.length > (outputs[at]?.length ?? 0))?.length ?? 0,
  ];
  throw failed(
    `${bench.name}: ${direction} of ${shortBytes(input.subarray(0, at))}`,
    `${got} bytes come out at the end of the input (FIN), but ${more} when more input follows: emit held data before the output completes`,
  );
}

/** The length at which an input loses the last bytes of its output. @param outputs the outputs of each beginning of the input, by its length */
function lostAt(input: Buffer, outputs: readonly Buffer[]): number | undefined {
  const whole = outputs.at(-1) ?? Buffer.alloc(0);
  const passedOn = outputs.findIndex((output, length) => {
    const given = input.subarray(0, length);
    return beginsWith(whole, given) && output.length < length && beginsWith(given, output);
  });
  return passedOn >= 0 ? passedOn : heldAt(outputs);
}

/** The length before which there was long no output, and then with one more byte all of it. */
function heldAt(outputs: readonly Buffer[]): number | undefined {
  let still = 0;
  for (let length = 1; length < outputs.length; length += 1) {
    const [before, now] = [outputs[length - 1], outputs[length]];
    if (before === undefined || now === undefined) return undefined;
    if (now.equals(before)) still += 1;
    else if (still >= HELD && beginsWith(now, before) && now.length - before.length >= still) return length - 1;
    else still = 0;
  }
  return undefined;
}

function beginsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.length >= beginning.length && bytes.subarray(0, beginning.length).equals(beginning);
}
