/** Lets work pass while it is open and keeps it while it is closed, so that one load rests while another one runs. */
export class Gate {
  #open = false;
  #waiting: (() => void)[] = [];

  get isOpen(): boolean {
    return this.#open;
  }

  pass(work: () => void): void {
    if (this.#open) work();
    else this.#waiting.push(work);
  }

  open(): void {
    this.#open = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) work();
  }

  close(): void {
    this.#open = false;
  }
}
