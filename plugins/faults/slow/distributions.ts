export const distributions = ["uniform", "normal", "pareto"] as const;

export type Distribution = (typeof distributions)[number];

/** The shape of netem's pareto table: a long tail with a finite variance. */
const SHAPE = 3;

/** One draw, to be multiplied by the jitter: uniform from -1 to 1, normal with deviation 1, or pareto from 0 with scale 1. */
export function drawn(distribution: Distribution, random: () => number): number {
  if (distribution === "uniform") return 2 * random() - 1;
  // Above 0, as the logarithm and the power need it.
  const first = 1 - random();
  if (distribution === "pareto") return first ** (-1 / SHAPE) - 1;
  // The method of Box and Muller, 1958.
  return Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * random());
}
