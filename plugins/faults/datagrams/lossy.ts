import type { FaultedDirection } from "../definition/fault-kind.ts";

/**
 * Draws which packets are lost. Bursts follow Gilbert's model (1960): in the bad state every packet is lost. The probability to leave the bad state
 * makes bursts `burst` packets long on average; the probability to enter it makes the total loss `rate`.
 */
export function lossOf(rate: number, burst: number | undefined, way: FaultedDirection): () => boolean {
  if (burst === undefined || rate === 0 || rate === 1) return () => way.random() < rate;
  const state = way.memory(() => ({ isBad: false }));
  const toBad = rate / (burst * (1 - rate));
  return () => {
    state.isBad = way.random() < (state.isBad ? 1 - 1 / burst : toBad);
    return state.isBad;
  };
}
