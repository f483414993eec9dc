import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { bytesText } from "../../../contract/errors/bytes-text.ts";
import type { PluginView } from "../api/types.ts";

/** A number of a fault that a slider changes. */
interface Knob {
  readonly option: string;
  readonly most: number;
  readonly step: number;
  /** The number as text for people. */
  readonly text: (value: number) => string;
  /** What it is a share of. */
  readonly of?: string;
}

const percent = (value: number): string => `${Number((value * 100).toPrecision(3))} %`;
const milliseconds = (value: number): string => `${value} ms`;

const share: Knob = { option: "share", most: 1, step: 0.05, text: percent, of: "sessions" };
const rate: Knob = { option: "rate", most: 1, step: 0.01, text: percent, of: "datagrams" };
const delay: Knob = { option: "delay", most: 3000, step: 10, text: milliseconds };

/** The knobs of each fault in `sluice/faults`, by the plugin's id. */
const knobs: Readonly<Record<string, readonly Knob[]>> = {
  latency: [delay, { option: "jitter", most: 1000, step: 10, text: milliseconds }, share],
  bandwidth: [{ option: "rate", most: 1_048_576, step: 4096, text: (value) => `${bytesText(value)}/s` }, share],
  corrupt: [{ option: "rate", most: 0.05, step: 0.0005, text: percent, of: "bytes" }, share],
  loss: [rate, share],
  duplicate: [rate, share],
  reorder: [rate, share],
  truncate: [rate, share],
  refuse: [{ ...rate, of: "sessions" }, share],
  slowOpen: [delay, share],
  slowClose: [delay, share],
};

interface FaultSlidersProps {
  readonly plugin: PluginView;
  readonly change: (options: object) => Promise<void>;
}

/** Sliders for the numbers of a fault. Moving one changes the fault at once, on open connections too. */
export function FaultSliders({ plugin: { id, name, options }, change }: FaultSlidersProps): JSX.Element | null {
  const own = knobs[id]?.flatMap((knob) => {
    const value = (options as Readonly<Record<string, unknown>>)[knob.option];
    return typeof value === "number" ? [{ knob, value }] : [];
  });
  if (own === undefined || own.length === 0) return null;
  return (
    <div class="sliders">
      {own.map(({ knob, value }) => (
        <Slider key={knob.option} knob={knob} value={value} plugin={name} change={change} />
      ))}
    </div>
  );
}

interface SliderProps {
  readonly knob: Knob;
  /** The value in force. */
  readonly value: number;
  readonly plugin: string;
  readonly change: FaultSlidersProps["change"];
}

/** One slider. It stays where it was moved until the proxy has that value, whatever the page draws meanwhile. */
function Slider({ knob: { option, most, step, text, of }, value, plugin, change }: SliderProps): JSX.Element {
  const moved = useSignal<number | undefined>(undefined);
  const steps = useRef({ isMoving: false, isSending: false });
  const send = async (): Promise<void> => {
    const { current } = steps;
    current.isMoving = false;
    if (current.isSending) return;
    current.isSending = true;
    // One change at a time: of several steps meanwhile the last is sent.
    for (let sent: number | undefined; moved.peek() !== sent;) {
      sent = moved.peek();
      await change({ [option]: sent });
    }
    current.isSending = false;
    if (!current.isMoving) moved.value = undefined;
  };
  const shown = moved.value ?? value;
  const whole = of === undefined ? text(shown) : `${text(shown)} of ${of}`;
  return (
    <label title={`${option}: ${whole}`}>
      <span>{option}</span>
      <input
        type="range"
        aria-label={`${option} of ${plugin}`}
        aria-valuetext={whole}
        min={0}
        max={Math.max(most, value)}
        step={step}
        value={shown}
        onInput={(event) => {
          steps.current.isMoving = true;
          moved.value = Number(event.currentTarget.value);
        }}
        onChange={() => void send()}
      />
      <span class="number">{text(shown)}</span>
    </label>
  );
}
