import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { RateHistory } from "../rates.ts";
import { bytesText } from "../../../contract/errors/bytes-text.ts";
import { time } from "./format.ts";

const height = 190;
const shownSeconds = 300;

/** A colour of the page as it is now; it differs between light and dark mode. */
const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name);
const dim = (): string => color("--dim");
/** Distances of the lines of bytes: powers of two, so that their labels are round. */
const steps = Array.from({ length: 30 }, (_, power) => 256 * 2 ** power);
const grid = { stroke: () => color("--line"), width: 1 };

const value = (_chart: uPlot, raw: number | null): string => (raw === null ? "–" : `${bytesText(raw)}/s`);

function optionsOf(width: number): uPlot.Options {
  return {
    width,
    height,
    scales: {
      // Always five minutes wide, from the first moment: the line comes in from the right.
      x: { range: (_chart, _from, to) => [to - shownSeconds, to] },
      y: { range: (_chart, _from, to) => [0, Math.max(1024, to * 1.1)] },
    },
    axes: [
      { stroke: dim, grid, ticks: grid, values: (_chart, splits) => splits.map((at) => time(at * 1000)), space: 90 },
      {
        stroke: dim,
        grid,
        ticks: grid,
        values: (_chart, splits) => splits.map((each) => bytesText(each).replace(".0 ", " ")),
        incrs: steps,
        size: 72,
      },
    ],
    series: [
      { label: "time", value: (_chart, at) => (at === null ? "–" : time(at * 1000)) },
      { label: "from client", stroke: () => color("--accent"), width: 2, points: { show: false }, value },
      { label: "from upstream", stroke: dim, width: 2, dash: [4, 3], points: { show: false }, value },
    ],
    cursor: { drag: { x: false, y: false } },
  };
}

/** The traffic of a listener in the last five minutes, in each direction. */
export function RateChart({ past, label }: { past: RateHistory | undefined; label: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  useEffect(() => {
    const host = place.current;
    if (host === null) return undefined;
    const drawn = new uPlot(optionsOf(host.clientWidth), [[], [], []], host);
    chart.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize({ width: host.clientWidth, height }));
    resized.observe(host);
    return () => {
      resized.disconnect();
      drawn.destroy();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    if (past !== undefined) chart.current?.setData([[...past.at], [...past.fromClient], [...past.fromUpstream]]);
  }, [past]);
  return <div ref={place} class="chart" role="img" aria-label={label} />;
}
