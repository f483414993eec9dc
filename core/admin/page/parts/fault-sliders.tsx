import type { JSX } from "preact";
import type { PluginView } from "../api/types.ts";

/** A number of a fault that a slider changes. */
interface Knob {
  readonly option: string;
  readonly most: number;
  readonly step: number;
  /** The unit behind the number. */
  readonly unit: string;
}

const share: Knob = { option: "share", most: 1, step: 0.05, unit: "of sessions" };
const rate: Knob = { option: "rate", most: 1, step: 0.01, unit: "" };
const delay: Knob = { option: "delay", most: 3000, step: 10, unit: "ms" };

/** The knobs of each fault in `sluice/faults`, by the plugin's id. */
const knobs: Readonly<Record<string, readonly Knob[]>> = {
  latency: [delay, { option: "jitter", most: 1000, step: 10, unit: "ms" }, share],
  bandwidth: [{ option: "rate", most: 1_048_576, step: 4096, unit: "B/s" }, share],
  corrupt: [{ option: "rate", most: 0.05, step: 0.0005, unit: "of bytes" }, share],
  loss: [rate, share],
  duplicate: [rate, share],
  reorder: [rate, share],
  truncate: [rate, share],
  refuse: [rate, share],
  slowOpen: [delay, share],
  slowClose: [delay, share],
};

interface FaultSlidersProps {
  readonly plugin: PluginView;
  readonly change: (options: object) => void;
}

/** Sliders for the numbers of a fault. Moving one changes the fault at once, on open connections too. */
export function FaultSliders({ plugin: { id, name, options }, change }: FaultSlidersProps): JSX.Element | null {
  const own = knobs[id]?.flatMap((knob) => {
    const value = (options as Readonly<Record<string, unknown>>)[knob.option];
    return typeof value === "number" ? [{ ...knob, value }] : [];
  });
  if (own === undefined || own.length === 0) return null;
  return (
    <div class="sliders">
      {own.map(({ option, most, step, unit, value }) => (
        <label key={option}>
          <span>{option}</span>
          <input
            type="range"
            aria-label={`${option} of ${name}`}
            min={0}
            max={Math.max(most, value)}
            step={step}
            value={value}
            onChange={(event) => change({ [option]: Number(event.currentTarget.value) })}
          />
          <span class="number">
            {value} {unit}
          </span>
        </label>
      ))}
    </div>
  );
}
