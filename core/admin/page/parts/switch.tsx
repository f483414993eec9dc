import type { JSX } from "preact";
interface SwitchProps {
  readonly label: string;
  readonly on: boolean;
  readonly busy: boolean;
  readonly change: (on: boolean) => void;
}

/** A switch with a label. It is busy while the proxy is asked. */
export function Switch({ label, on, busy, change }: SwitchProps): JSX.Element {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={on}
      aria-busy={busy}
      aria-label={label}
      disabled={busy}
      onClick={() => change(!on)}
    >
      <span class="knob" />
    </button>
  );
}
