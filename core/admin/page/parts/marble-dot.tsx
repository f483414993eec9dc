import { Component, type JSX, type TargetedKeyboardEvent } from "preact";
import type { Marble } from "./chunks.ts";

interface DotProps {
  readonly marble: Marble;
  readonly x: number;
  readonly y: number;
  /** Bytes of the largest marble. */
  readonly scale: number;
  readonly isChosen: boolean;
  /** The Tab key goes to one marble of a diagram, and the arrow keys from there to others: there may be hundreds. */
  readonly isTabStop: boolean;
  readonly choose: (marble: Marble) => void;
}

const smallest = 2.5;
const largest = 15;

/** A marble, or the cross of a dropped chunk. It is drawn again only when something of it changes. */
export class Dot extends Component<DotProps> {
  override shouldComponentUpdate(next: DotProps): boolean {
    return (Object.keys(next) as (keyof DotProps)[]).some((name) => next[name] !== this.props[name]);
  }

  override render({ marble, x, y, scale, isChosen, isTabStop, choose }: DotProps): JSX.Element {
    const { direction, bytes } = marble;
    const label = labelOf(marble);
    const radius = Math.max(smallest, largest * Math.sqrt((bytes ?? 0) / scale));
    return (
      <g
        class={`marble ${direction}${bytes === undefined ? " dropped" : ""}${isChosen ? " chosen" : ""}`}
        role="button"
        tabindex={isTabStop ? 0 : -1}
        aria-label={label}
        onClick={() => choose(marble)}
        onKeyDown={(event) => {
          if (!act(event, () => choose(marble))) return;
          // Otherwise the page would scroll.
          event.preventDefault();
        }}
      >
        <title>{label}</title>
        {bytes === undefined ? <path d={`M${x - 5} ${y - 5}l10 10m0-10l-10 10`} /> : <circle cx={x} cy={y} r={radius} />}
      </g>
    );
  }
}

function labelOf({ direction, bytes, chunk, plugin }: Marble): string {
  const from = direction === "fromClient" ? "from the client" : "from the upstream";
  return `${from}, chunk ${chunk}${plugin === undefined ? "" : `, behind ${plugin}`}: ${bytes === undefined ? "dropped" : `${bytes} bytes`}`;
}

/** @returns whether the key means anything to a marble */
function act({ key, currentTarget }: TargetedKeyboardEvent<SVGGElement>, choose: () => void): boolean {
  if (key === "Enter" || key === " ") choose();
  else if (key === "ArrowLeft") focus(currentTarget.previousElementSibling);
  else if (key === "ArrowRight") focus(currentTarget.nextElementSibling);
  else return false;
  return true;
}

function focus(marble: Element | null): void {
  if (marble instanceof SVGElement) marble.focus();
}
