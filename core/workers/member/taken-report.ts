/** Reports how many connections were taken, at most once in each turn of the event loop. */
export class TakenReport {
  #count = 0;
  #isDue = false;

  constructor(private readonly tell: (count: number) => void) {}

  one(): void {
    this.#count += 1;
    this.changed();
  }

  /** The number of sessions has changed, which also has to be reported. */
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
