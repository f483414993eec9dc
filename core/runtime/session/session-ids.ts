let last = 0;

/** The id of the next session. */
export function nextId(): number {
  last += 1;
  return last;
}

/** Continues counting from another number, so that each of several processes has its own range. */
export function idsFrom(base: number): void {
  last = base;
}
