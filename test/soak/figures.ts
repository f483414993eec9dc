/** The proxy's process at one moment. */
export interface Sample {
  readonly seconds: number;
  /** Bytes after a full collection: of the process, and of what its JavaScript keeps. */
  readonly resident: number;
  readonly kept: number;
  readonly descriptors: number;
}

const mebibyte = 1024 * 1024;

/** What the sessions that happen to be open hold goes up and down: the lowest of so many neighbours is what stays. */
const neighbours = 6;

/** MiB per minute: the slope of the least squares line through the lowest samples of each half minute. */
export function memorySlope(all: readonly Sample[], of: "resident" | "kept"): number {
  const groups = Array.from({ length: Math.floor(all.length / neighbours) }, (_, at) => all.slice(at * neighbours, (at + 1) * neighbours));
  const samples = groups.map((group) => group.reduce((lowest, one) => (one[of] < lowest[of] ? one : lowest)));
  const count = samples.length;
  if (count < 2) return 0;
  const minutes = samples.map(({ seconds }) => seconds / 60);
  const sizes = samples.map((sample) => sample[of] / mebibyte);
  const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / count;
  const [x, y] = [mean(minutes), mean(sizes)];
  const spread = minutes.reduce((sum, minute) => sum + (minute - x) ** 2, 0);
  return minutes.reduce((sum, minute, at) => sum + (minute - x) * ((sizes[at] ?? 0) - y), 0) / spread;
}

/** `lowest to highest` of a series. */
export function range(list: readonly number[]): string {
  return `${Math.min(...list)} to ${Math.max(...list)}`;
}

export const inMebibytes = (bytes: number): string => (bytes / mebibyte).toFixed(1);
