/** Tells how many connections were taken, once for all of one turn of the event loop. */
export class Taken {
  #count = 0;

  constructor(private readonly tell: (count: number) => void) {}

  one(): void {
    this.#count += 1;
    if (this.#count > 1) return;
    setImmediate(() => {
      this.tell(this.#count);
      this.#count = 0;
    });
  }
}
