/** Counts how much of a scarce resource each client uses, and limits it to a share. */
export class ClientShares {
  readonly #taken = new Map<string, number>();

  /** @param share the most that one client has */
  constructor(private readonly share: number) {}

  /** Whether a client may have one more. */
  isOpenTo(client: string): boolean {
    return (this.#taken.get(client) ?? 0) < this.share;
  }

  take(client: string): void {
    this.#taken.set(client, (this.#taken.get(client) ?? 0) + 1);
  }

  giveBack(client: string): void {
    const left = (this.#taken.get(client) ?? 0) - 1;
    if (left > 0) this.#taken.set(client, left);
    else this.#taken.delete(client);
  }
}
