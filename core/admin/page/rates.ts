import { signal } from "@preact/signals";
import { follow } from "./api/events.ts";
import type { ListenerRates } from "./api/types.ts";

/** Samples of a minute, one a second. */
const kept = 60;

/** What each listener carries, by its name. */
export const rates = signal<ReadonlyMap<string, ListenerRates>>(new Map());
/** Bytes a second of each listener, both ways, in the last minute. */
export const throughput = signal<ReadonlyMap<string, readonly number[]>>(new Map());

/** Follows the rates while the page is open. */
export function followRates(): void {
  follow(["rates"], (type, value) => {
    if (type !== "rates") return;
    const { listeners } = value as { listeners: readonly ListenerRates[] };
    rates.value = new Map(listeners.map((each) => [each.listener, each]));
    throughput.value = new Map(
      listeners.map(({ listener, fromClient, fromUpstream }) => {
        const now = fromClient.bytesPerSecond + fromUpstream.bytesPerSecond;
        return [listener, [...(throughput.value.get(listener) ?? []), now].slice(-kept)];
      }),
    );
  });
}
