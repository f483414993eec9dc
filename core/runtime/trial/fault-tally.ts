import path from "node:path";

/** Counts which plugins failed during a trial, how often, and where last. */
export class FaultTally {
  readonly #plugins = new Map<string, { count: number; where: string | undefined }>();

  /** @param folder of the config; places in it are shown relative to it */
  constructor(private readonly folder: string) {}

  add(plugin: string, where: string | undefined): void {
    const known = this.#plugins.get(plugin);
    this.#plugins.set(plugin, { count: (known?.count ?? 0) + 1, where: where ?? known?.where });
  }

  /** `shout failed 3 times, my-plugins/shout.ts:7:12`, the worst first. */
  get text(): string {
    return [...this.#plugins]
      .toSorted(([, one], [, other]) => other.count - one.count)
      .map(([plugin, { count, where }]) => {
        const times = `${plugin} failed ${count} ${count === 1 ? "time" : "times"}`;
        return where === undefined ? times : `${times}, ${this.#shown(where)}`;
      })
      .join("; ");
  }

  /** A place, relative to the folder if it is inside. */
  #shown(where: string): string {
    if (!path.isAbsolute(where)) return where;
    const relative = path.relative(this.folder, where);
    return relative.startsWith("..") || path.isAbsolute(relative) ? where : relative.replaceAll(path.sep, "/");
  }
}
