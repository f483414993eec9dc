import type { ByteHookName } from "../../contract/index.ts";

/** Exceptions of one plugin use: in its byte hooks, by direction, and in all its other hooks. */
export type FaultCount = Readonly<Record<ByteHookName | "other", number>>;

const none: FaultCount = { fromClient: 0, fromUpstream: 0, other: 0 };

/** Exceptions in hooks, by plugin use. */
export class FaultCounts {
  readonly #counts = new Map<string, FaultCount>();

  /** @param direction of the data that a byte hook works on; undefined: another hook */
  add(plugin: string, direction: ByteHookName | undefined): void {
    const before = this.of(plugin);
    const what = direction ?? "other";
    this.#counts.set(plugin, { ...before, [what]: before[what] + 1 });
  }

  of(plugin: string): FaultCount {
    return this.#counts.get(plugin) ?? none;
  }

  total(plugin: string): number {
    const { fromClient, fromUpstream, other } = this.of(plugin);
    return fromClient + fromUpstream + other;
  }
}
