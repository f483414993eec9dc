/** How long something took or has lasted: `850 ms`, `3.2 s`, `4 min`, `2 h`, `5 d`. */
export function span(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 1) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** A count, with a thin space between thousands. */
export const count = (value: number): string => Math.round(value).toLocaleString("en").replaceAll(",", "\u2009");

/** `1 failure`, `3 failures`. */
export const counted = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? "" : "s"}`;

/** A time of day: today's, with seconds. */
export const time = (epoch: number): string => new Date(epoch).toLocaleTimeString("en-GB");
