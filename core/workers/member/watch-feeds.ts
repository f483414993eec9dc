import type { Observable } from "rxjs";
import { sourcesOf, type FeedSources } from "../../admin/events/feed-sources.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { FirstCalls, WatchSubject } from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";

/** Values of each show that may be on their way to the first process. Further ones are not sent, but counted as missed. */
const WINDOW = 256;

interface Show {
  room: number;
  missed: number;
  stop: () => void;
}

/** Sends the first process what somebody watches there, as long as somebody does. */
export class WatchFeeds {
  readonly #shows = new Map<number, Show>();
  #sources: FeedSources | undefined;

  constructor(private readonly first: () => Channel<FirstCalls>) {}

  begin(proxy: Proxy, number: number, what: WatchSubject): void {
    if (this.#shows.has(number)) return;
    const show: Show = { room: WINDOW, missed: 0, stop: () => undefined };
    this.#shows.set(number, show);
    const sources = (this.#sources ??= sourcesOf(proxy));
    show.stop = this.#follow(sources, what, show, (value) => this.#send(number, show, value));
  }

  seen(number: number, count: number): void {
    const show = this.#shows.get(number);
    if (show !== undefined) show.room += count;
  }

  end(number: number): void {
    this.#shows.get(number)?.stop();
    this.#shows.delete(number);
  }

  #follow(sources: FeedSources, what: WatchSubject, show: Show, send: (value: unknown) => void): () => void {
    if (typeof what === "object")
      return sources.tap(what.tap, {
        get full() {
          return show.room <= 0;
        },
        show: send,
        miss: () => {
          show.missed += 1;
        },
      });
    const following = (sources[what] as Observable<unknown>).subscribe(send);
    return () => {
      following.unsubscribe();
    };
  }

  #send(number: number, show: Show, value: unknown): void {
    if (show.room <= 0) {
      show.missed += 1;
      return;
    }
    show.room -= 1;
    this.first().tell("shown", number, value, show.missed);
    show.missed = 0;
  }
}
