import { signal } from "@preact/signals";
import { follow } from "./api/events.ts";
import type { ListenerRates } from "./api/types.ts";
import { setProxyClock } from "./proxy-clock.ts";

/** Samples of five minutes, one a second. */
const kept = 300;

/** The recent traffic of one listener: one number a second in each row, the oldest first. */
export interface RateHistory {
  /** Epoch seconds. */
  readonly at: readonly number[];
  /** Bytes a second, each way. */
  readonly fromClient: readonly number[];
  readonly fromUpstream: readonly number[];
}

const nothing: RateHistory = { at: [], fromClient: [], fromUpstream: [] };

/** The rates of each listener, by its name. */
export const rates = signal<ReadonlyMap<string, ListenerRates>>(new Map());
/** The traffic of each listener since the page was opened. */
export const past = signal<ReadonlyMap<string, RateHistory>>(new Map());

/** Bytes a second of a listener, both ways, in the last minute. */
export function lastMinute(listener: string): readonly number[] {
  const { fromClient, fromUpstream } = past.value.get(listener) ?? nothing;
  const answers = fromUpstream.slice(-60);
  return fromClient.slice(-60).map((bytes, index) => bytes + (answers[index] ?? 0));
}

/** Follows the rates while the page is open. */
export function followRates(): void {
  follow(["rates"], (type, value) => {
    if (type !== "rates") return;
    const { at, listeners } = value as { at: number; listeners: readonly ListenerRates[] };
    setProxyClock(at);
    rates.value = new Map(listeners.map((each) => [each.listener, each]));
    past.value = new Map(listeners.map((each) => [each.listener, withSample(past.value.get(each.listener) ?? nothing, at, each)]));
  });
}

function withSample({ at, fromClient, fromUpstream }: RateHistory, now: number, next: ListenerRates): RateHistory {
  return {
    at: [...at, now / 1000].slice(-kept),
    fromClient: [...fromClient, next.fromClient.bytesPerSecond].slice(-kept),
    fromUpstream: [...fromUpstream, next.fromUpstream.bytesPerSecond].slice(-kept),
  };
}
