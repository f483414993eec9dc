import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { mostMarbles, type Marble } from "./chunks.ts";
import { bytesText } from "../../../contract/errors/bytes-text.ts";
import { Dot } from "./marble-dot.tsx";

interface MarblesProps {
  /** The plugin uses, from the client's side. */
  readonly plugins: readonly string[];
  readonly marbles: readonly Marble[];
  /** The time at the right edge, in epoch milliseconds. */
  readonly now: number;
  readonly chosen: string | undefined;
  readonly choose: (marble: Marble) => void;
}

const rowHeight = 44;
/**
 * Distance of marbles from the line of their row: those to the upstream are above it, those from it below, so that both can be seen at the same time.
 */
const lane = 9;
const left = 150;
const width = 860;
/** The time span that the diagram shows. */
const spanMs = 20_000;

/** A session as a marble diagram: one row for each place, from the client to the upstream. The area of a marble is the number of its bytes. */
export function Marbles({ plugins, marbles, now, chosen, choose }: MarblesProps): JSX.Element {
  const rows = ["client", ...plugins, "upstream"];
  const height = rows.length * rowHeight + 18;
  // A plugin that a reload has removed has no row.
  const seen = marbles.filter(({ at, plugin }) => now - at < spanMs && (plugin === undefined || plugins.includes(plugin)));
  const scale = scaleOf(seen);
  // Marbles stand still, and what they stand on moves: else all of them would be drawn again each time.
  const origin = useMemo(() => now, []);
  const xOf = (at: number): number => ((at - origin) / spanMs) * width;
  const tabStop = seen.find(({ key }) => key === chosen) ?? seen.at(-1);
  return (
    <>
      <div class="scroll">
        <svg
          class="marbles"
          viewBox={`0 0 ${left + width + 10} ${height}`}
          role="group"
          aria-label="Chunks of the session, live: the arrow keys go from one to the next"
        >
          {rows.map((name, row) => (
            <g key={`${row} ${name}`}>
              <foreignObject x={0} y={row * rowHeight} width={left - 12} height={rowHeight}>
                <p class="row-name" title={name}>
                  {name}
                </p>
              </foreignObject>
              <line x1={left} x2={left + width} y1={middle(row)} y2={middle(row)} />
            </g>
          ))}
          <text x={left} y={height - 2}>
            20 s ago
          </text>
          <text x={left + width} y={height - 2} text-anchor="end">
            now
          </text>
          <g transform={`translate(${left + width - xOf(now)} 0)`}>
            {seen.map((marble) => (
              <Dot
                key={marble.key}
                marble={marble}
                x={xOf(marble.at)}
                y={middle(rowOf(marble, plugins)) + (marble.direction === "fromClient" ? -lane : lane)}
                scale={scale}
                isChosen={marble.key === chosen}
                isTabStop={marble === tabStop}
                choose={choose}
              />
            ))}
          </g>
        </svg>
      </div>
      <p class="hint">
        {seen.length === 0
          ? "No chunk passed in the last 20 seconds."
          : `A marble's area is its bytes: the largest is ${bytesText(scale)}. A cross is a chunk that was dropped.`}
        {seen.length === mostMarbles && ` More passed: these are the last ${mostMarbles}.`}
      </p>
    </>
  );
}

/** Bytes of the largest marble: a power of four, so that sizes seldom jump. */
function scaleOf(seen: readonly Marble[]): number {
  const most = seen.reduce((sum, { bytes }) => Math.max(sum, bytes ?? 0), 0);
  return 4 ** Math.max(3, Math.ceil(Math.log(Math.max(1, most)) / Math.log(4)));
}

const middle = (row: number): number => row * rowHeight + rowHeight / 2;

/** The row of a chunk: where it came in, the row of its source; behind a plugin, the plugin's row. */
function rowOf({ plugin, direction }: Marble, plugins: readonly string[]): number {
  if (plugin === undefined) return direction === "fromClient" ? 0 : plugins.length + 1;
  return plugins.indexOf(plugin) + 1;
}
