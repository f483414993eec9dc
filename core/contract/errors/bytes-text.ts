const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Bytes with three digits at most: `12.4 MiB`. */
export function bytesText(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ""}`;
}
