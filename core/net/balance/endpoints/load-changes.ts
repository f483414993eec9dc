import type { EndpointState } from "./endpoint-state.ts";

/** Changes that are remembered; a power of two. */
const REMEMBERED = 1_024;

/**
 * The endpoints of a listener whose number of sessions has changed, in the order of the changes. Readers remember how far they have read, so nothing
 * has to be registered.
 */
export class LoadChanges {
  readonly #latest: (EndpointState | undefined)[] = [];
  /** All changes that there ever were. */
  count = 0;

  note(state: EndpointState): void {
    this.#latest[this.count % REMEMBERED] = state;
    this.count += 1;
  }

  /** Whether all changes since an earlier `count` are remembered. */
  has(since: number): boolean {
    return this.count - since <= REMEMBERED;
  }

  at(index: number): EndpointState | undefined {
    return this.#latest[index % REMEMBERED];
  }
}
