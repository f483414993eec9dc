import { signal } from "@preact/signals";
import { follow } from "./api/events.ts";
import type { ListenerRates } from "./api/types.ts";
import { setProxyClock } from "./proxy-clock.ts";

/** Samples of five minutes, one a second. */
const kept = 300;
/** A longer time without one is a gap: nobody saw the tab, or the stream was cut off. */
const gapSeconds = 3;

/** Null: a gap. */
type Sample = number | null;

/** The recent traffic of one listener: one number a second in each row, the oldest first. */
export interface RateHistory {
  /** Epoch seconds. */
  readonly at: readonly number[];
  /** Bytes a second, each way. */
  readonly fromClient: readonly Sample[];
  readonly fromUpstream: readonly Sample[];
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
  return fromClient.slice(-60).map((bytes, index) => (bytes ?? 0) + (answers[index] ?? 0));
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

function withSample(known: RateHistory, now: number, next: ListenerRates): RateHistory {
  const [seconds, last = Infinity] = [now / 1000, known.at.at(-1)];
  const continued = seconds - last > gapSeconds ? added(known, last + 1, null, null) : known;
  return added(continued, seconds, next.fromClient.bytesPerSecond, next.fromUpstream.bytesPerSecond);
}

function added({ at, fromClient, fromUpstream }: RateHistory, now: number, client: Sample, upstream: Sample): RateHistory {
  return {
    at: [...at, now].slice(-kept),
    fromClient: [...fromClient, client].slice(-kept),
    fromUpstream: [...fromUpstream, upstream].slice(-kept),
  };
}
