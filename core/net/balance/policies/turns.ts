import type { SmoothTurns } from "./smooth-turns.ts";

/** Whose turn it is at one upstream. Policies take turns by it, and a reload keeps it. */
export class Turns {
  /** The position in the config of the endpoint that was chosen last, in turn. */
  last = -1;
  /** The weighted turns that were taken last. */
  smooth: SmoothTurns | undefined;
  /**
   * The `turn` of the candidate that least-connections chose last. Each session raises its candidate's turn by 1 / weight; of equal loads, the lowest
   * turn is next.
   */
  least = 0;
}
