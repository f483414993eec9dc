import type { JSX } from "preact";
interface SparklineProps {
  readonly values: readonly number[];
  readonly label: string;
}

const width = 96;
const height = 22;

/** The last minute of a number, oldest at the left, drawn with its own scale. */
export function Sparkline({ values, label }: SparklineProps): JSX.Element {
  const most = Math.max(1, ...values);
  const step = width / 59;
  const start = width - (values.length - 1) * step;
  const points = values.map(
    (value, index) => `${(start + index * step).toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`,
  );
  return (
    <svg class="sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      {points.length > 1 && <polyline points={points.join(" ")} />}
    </svg>
  );
}
