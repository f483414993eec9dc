import { measure, type Measured } from "../../admin/metrics/measured.ts";
import { operationNamed, perform } from "../../admin/operations/operations.ts";
import type { OpenSessions } from "../../runtime/proxy/serving-proxy.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type * as wire from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";
import { packEvent } from "../wire/packed-event.ts";
import type { PackedProgress } from "../wire/packed-progress.ts";
import type { OwnProxy } from "./own-proxy.ts";
import type { SavesOfWorker } from "./saves-of-worker.ts";
import { WatchFeeds } from "./watch-feeds.ts";

/** Answers what the first process asks about this worker, and sends what it wants to see. */
export class Questions implements wire.QuestionCalls {
  readonly #shows: WatchFeeds;
  #tells = false;

  constructor(
    private readonly own: OwnProxy,
    private readonly saves: SavesOfWorker,
    private readonly first: () => Channel<wire.FirstCalls>,
  ) {
    this.#shows = new WatchFeeds(first);
  }

  open(): OpenSessions {
    return this.own.proxy?.open() ?? { streams: 0, all: 0 };
  }

  sessions(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.own.listeners, ([name, { sessions }]) => [name, sessions]));
  }

  generations(): ReadonlyMap<number, number> {
    return this.own.live.sessionsOfGenerations();
  }

  perform(name: string, input: unknown): Promise<unknown> {
    return perform(operationNamed(name), this.own.live, input);
  }

  measure(): readonly Measured[] {
    return measure(this.own.live.proxy);
  }

  look(wanted: boolean): void {
    if (this.own.proxy === undefined) return;
    if (wanted) this.own.live.begin();
    else this.own.live.rest();
  }

  show(number: number, what: wire.WatchSubject): void {
    if (this.own.proxy !== undefined) this.#shows.begin(this.own.proxy, number, what);
  }

  seen(number: number, count: number): void {
    this.#shows.seen(number, count);
  }

  hide(number: number): void {
    this.#shows.end(number);
  }

  tellOfSessions(wanted: boolean): void {
    this.#tells = wanted;
  }

  save(number: number, part: wire.PartOrder): Promise<void> {
    return this.saves.begin(this.own.live.proxy, number, part);
  }

  saved(number: number): PackedProgress | undefined {
    return this.saves.progress(number);
  }

  endSave(number: number): Promise<PackedProgress | undefined> {
    return this.saves.end(number);
  }

  /** Tells the first process what happens: events of sessions only while it wants them. */
  follow(proxy: Proxy): void {
    const { lifecycle, sessions } = proxy.inner.state.hub;
    lifecycle.subscribe((event) => {
      this.first().tell("event", packEvent(event));
    });
    sessions.subscribe((event) => {
      if (this.#tells) this.first().tell("event", packEvent(event));
    });
  }
}
