/** Takes a share of what comes, evenly spread and beginning with the first: a tenth of three is one. */
export class Share {
  /** How many came. */
  seen = 0;
  taken = 0;

  /** @param share more than 0, at most 1 */
  constructor(private readonly share: number) {}

  /** Whether the next one is among those taken. */
  takes(): boolean {
    this.seen += 1;
    if (this.taken >= this.share * this.seen) return false;
    this.taken += 1;
    return true;
  }
}
