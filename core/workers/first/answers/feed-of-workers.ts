import { Observable } from "rxjs";
import { RATES_MS, type FeedSources, type SessionTold } from "../../../admin/events/feed-sources.ts";
import type { ProxyRates } from "../../../admin/events/rates.ts";
import type { ChunkEvent } from "../../../admin/events/session-tap.ts";
import { mergedRates } from "./merged-rates.ts";
import type { ProxyOfWorkers } from "../proxy/proxy-of-workers.ts";
import type { ToldWorker } from "../shared/told-worker.ts";

/** The event sources of all workers together, as of one proxy. */
export function feedOf({ lifecycle, options, shared: { watching } }: ProxyOfWorkers): FeedSources {
  return {
    lifecycle,
    log: options.log?.lines,
    sessions: new Observable((subscriber) =>
      watching.begin("sessions", (_worker, told, missed) => {
        if (missed > 0) subscriber.next({ type: "dropped", data: JSON.stringify({ dropped: missed }) });
        subscriber.next(told as SessionTold);
      }),
    ),
    rates: new Observable((subscriber) => {
      const newest = new Map<ToldWorker, ProxyRates>();
      const stop = watching.begin("rates", (worker, rates) => {
        newest.set(worker, rates as ProxyRates);
      });
      const timer = setInterval(() => {
        for (const worker of newest.keys()) if (worker.isGone === true) newest.delete(worker);
        if (newest.size > 0) subscriber.next(mergedRates([...newest.values()]));
      }, RATES_MS);
      timer.unref();
      return () => {
        clearInterval(timer);
        stop();
      };
    }),
    tap: (what, watcher) =>
      watching.begin({ tap: what }, (_worker, chunk, missed) => {
        for (let count = 0; count < missed; count += 1) watcher.miss();
        if (watcher.full) watcher.miss();
        else watcher.show(chunk as ChunkEvent);
      }),
  };
}
