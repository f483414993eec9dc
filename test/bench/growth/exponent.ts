/** One measurement: how many there were of something, and what a unit of work cost. */
export interface Point {
  readonly size: number;
  readonly cost: number;
}

/** The exponent of the power law that fits best: least squares of the costs' logarithms over those of the sizes. 0 is constant, 1 is linear. */
export function exponentOf(points: readonly Point[]): number {
  const logarithms = points.map(({ size, cost }) => ({ x: Math.log(size), y: Math.log(cost) }));
  const mean = (of: (each: { x: number; y: number }) => number): number =>
    logarithms.reduce((sum, each) => sum + of(each), 0) / logarithms.length;
  const [x, y] = [mean((each) => each.x), mean((each) => each.y)];
  const covariance = mean((each) => (each.x - x) * (each.y - y));
  return covariance / mean((each) => (each.x - x) ** 2);
}
