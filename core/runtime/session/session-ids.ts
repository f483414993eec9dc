let last = 0;

/** The id of the next session. */
export function nextId(): number {
  last += 1;
  return last;
}

/** Counts on from another number: each of several processes has numbers of its own. */
export function idsFrom(base: number): void {
  last = base;
}
