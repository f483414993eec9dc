/** Where a share begins, if it is part of a larger one. */
export interface ShareStart {
  readonly seen: number;
  readonly taken: number;
}

/** Takes a share of what comes, evenly spread and beginning with the first: a tenth of three is one. */
export class Share {
  /** How many came. */
  seen = 0;
  taken = 0;

  /**
   * @param share more than 0, at most 1
   * @param before what others have seen and taken, if this one goes on from there
   */
  constructor(
    private readonly share: number,
    private readonly before: ShareStart = { seen: 0, taken: 0 },
  ) {}

  /** Whether the next one is among those taken. */
  takes(): boolean {
    this.seen += 1;
    const { seen, taken } = this.before;
    if (taken + this.taken >= this.share * (seen + this.seen)) return false;
    this.taken += 1;
    return true;
  }
}
