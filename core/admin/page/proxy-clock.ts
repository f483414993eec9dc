/** Less is the time that an event was on its way. */
const toleranceMs = 1_000;

let aheadMs = 0;

/** The time at the proxy, in epoch milliseconds. The page may be open on another machine, whose clock differs. */
export const proxyNow = (): number => Date.now() - aheadMs;

/** Takes the proxy's time from an event that has just come. */
export function setProxyClock(at: number): void {
  const ahead = Date.now() - at;
  if (Math.abs(ahead - aheadMs) > toleranceMs) aheadMs = ahead;
}
