/** How many times as long as it computes work may take in real time: it may wait, and the processor may belong to others. */
const PATIENCE = 10;

/** Bounds work by the time that it computes, so that as much is tried on a busy machine as on a quiet one. */
export class WorkLimit {
  readonly #cpu = process.cpuUsage();
  readonly #began = performance.now();

  /** @param ms milliseconds that this process may compute from now on */
  constructor(private readonly ms: number) {}

  get isReached(): boolean {
    const { user, system } = process.cpuUsage(this.#cpu);
    return (user + system) / 1_000 > this.ms || performance.now() - this.#began > this.ms * PATIENCE;
  }
}
