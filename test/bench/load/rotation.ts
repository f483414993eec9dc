/**
 * Which of many clients comes next, when only so many have something on its way: the one that has waited longest. So each of them has its turn,
 * and what is under way at a time does not grow with their number.
 */
export class Rotation {
  readonly #waiting: Int32Array;
  #first = 0;
  #last: number;

  /** @param atOnce how many begin at once, the first ones; the others wait */
  constructor(
    private readonly clients: number,
    readonly atOnce: number,
  ) {
    this.#waiting = new Int32Array(clients + 1);
    for (let client = atOnce; client < clients; client += 1) this.#waiting[client - atOnce] = client;
    this.#last = clients - atOnce;
  }

  /** The next client, after this one has had its answer. */
  after(client: number): number {
    this.#waiting[this.#last] = client;
    this.#last = (this.#last + 1) % (this.clients + 1);
    const next = this.#waiting[this.#first] ?? 0;
    this.#first = (this.#first + 1) % (this.clients + 1);
    return next;
  }
}
