/** Tells how many connections were taken, and how many sessions are open since, once for all of one turn of the event loop. */
export class Taken {
  #count = 0;
  #isDue = false;

  constructor(private readonly tell: (count: number) => void) {}

  one(): void {
    this.#count += 1;
    this.changed();
  }

  /** Sessions have ended. */
  readonly changed = (): void => {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      const count = this.#count;
      this.#isDue = false;
      this.#count = 0;
      this.tell(count);
    });
  };
}
