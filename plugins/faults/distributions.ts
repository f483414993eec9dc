export const distributions = ["uniform", "normal", "pareto"] as const;

export type Distribution = (typeof distributions)[number];

/** The shape of netem's pareto table is 3: finite variance, a long tail. */
const SHAPE = 3;

/** One draw, to be multiplied by the jitter: -1 to 1 evenly, normal with the deviation 1, or pareto from 0 with the scale 1. */
export function drawn(distribution: Distribution, random: () => number): number {
  if (distribution === "uniform") return 2 * random() - 1;
  // Never the logarithm or the power of 0.
  const first = 1 - random();
  if (distribution === "pareto") return first ** (-1 / SHAPE) - 1;
  // Box and Muller, 1958.
  return Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * random());
}
