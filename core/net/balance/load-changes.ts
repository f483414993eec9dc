import type { EndpointState } from "./endpoint-state.ts";

/** A power of two: changes that are remembered. */
const REMEMBERED = 1_024;

/** Of a listener's endpoints: whose number of sessions changed, in the order of the changes. Read by whoever wants to know, and so kept by nobody. */
export class LoadChanges {
  readonly #latest: (EndpointState | undefined)[] = [];
  /** How many there ever were. */
  count = 0;

  note(state: EndpointState): void {
    this.#latest[this.count % REMEMBERED] = state;
    this.count += 1;
  }

  /** Whether all changes since one are remembered. */
  has(since: number): boolean {
    return this.count - since <= REMEMBERED;
  }

  at(index: number): EndpointState | undefined {
    return this.#latest[index % REMEMBERED];
  }
}
