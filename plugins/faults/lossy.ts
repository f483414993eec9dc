import type { Way } from "./fault-kind.ts";

/**
 * Draws which packets are lost. Bursts are Gilbert's model (1960): in the bad state everything is lost, and it is left so that bursts are
 * `burst` long on average; the good one is left so that `rate` are lost in all.
 */
export function lossOf(rate: number, burst: number | undefined, way: Way): () => boolean {
  if (burst === undefined || rate === 0 || rate === 1) return () => way.random() < rate;
  const state = way.memory(() => ({ isBad: false }));
  const toBad = rate / (burst * (1 - rate));
  return () => {
    state.isBad = way.random() < (state.isBad ? 1 - 1 / burst : toBad);
    return state.isBad;
  };
}
