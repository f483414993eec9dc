import type { JSX } from "preact";
interface SwitchProps {
  readonly label: string;
  readonly on: boolean;
  readonly busy: boolean;
  readonly change: (on: boolean) => void;
}

/** A switch with a label. It is busy while the proxy is asked; it is not disabled then, since that would take the focus away. */
export function Switch({ label, on, busy, change }: SwitchProps): JSX.Element {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={on}
      aria-busy={busy}
      aria-label={label}
      onClick={() => {
        if (!busy) change(!on);
      }}
    >
      <span class="knob" />
    </button>
  );
}
