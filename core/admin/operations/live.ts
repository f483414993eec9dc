import { SluiceError, type TrialView } from "../../contract/index.ts";
import type { LiveConfig } from "../../runtime/proxy/live-config.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { Steering } from "../../runtime/proxy/steering.ts";
import { Feed } from "../events/feed.ts";
import { hostOf } from "../saving/attached-writing.ts";
import { Saves } from "../saving/saves.ts";
import { sourcesOf } from "../events/feed-sources.ts";
import { SessionBook } from "../sessions/session-book.ts";
import { listenerView, type ListenerView } from "../views/listener-view.ts";
import type { SteerableProxy } from "./steered.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";

/** The object that operations work on: a proxy, and the file that it follows, if there is one. */
export class Live implements SteerableProxy {
  #sessions: SessionBook | undefined;
  #feed: Feed | undefined;
  #saves: Saves | undefined;

  constructor(
    readonly proxy: Proxy,
    private readonly file: LiveConfig | undefined,
  ) {}

  /** The list of sessions. It is kept from the first time that somebody asks, so it costs sessions nothing before that. */
  get sessions(): SessionBook {
    return (this.#sessions ??= new SessionBook(this.proxy));
  }

  /** The events, for readers. */
  get feed(): Feed {
    return (this.#feed ??= new Feed(sourcesOf(this.proxy)));
  }

  /** The files that traffic is written to. */
  get saves(): Saves {
    return (this.#saves ??= new Saves(hostOf(this.proxy)));
  }

  /** The listener of an open session. @throws SLUICE_ADMIN_UNKNOWN */
  listenerOf(session: number): string {
    return this.sessions.open(session).listener;
  }

  /** From now on somebody may ask for sessions. */
  begin(): void {
    this.#sessions ??= new SessionBook(this.proxy);
  }

  /** Nobody will ask for sessions any more. */
  rest(): void {
    this.#sessions?.close();
    this.#sessions = undefined;
  }

  listener(name: string): ListenerView {
    return listenerView(this.proxy, name);
  }

  trial(): TrialView | undefined {
    return this.proxy.trial;
  }

  sessionsOfGenerations(): ReadonlyMap<number, number> {
    const on = new Map<number, number>();
    for (const { generation } of this.proxy.sessions) on.set(generation, (on.get(generation) ?? 0) + 1);
    return on;
  }

  /** Whether new sessions should be sent to it. */
  get isReady(): boolean {
    return !this.proxy.isClosing && this.file?.isLeaving !== true;
  }

  /** @throws SLUICE_ADMIN_CONFLICT for a proxy whose config came from a program */
  get config(): LiveConfig {
    if (this.file !== undefined) return this.file;
    throw new SluiceError("SLUICE_ADMIN_CONFLICT", "this proxy follows no file: the program that started it applies configs");
  }

  /** Makes a generation that differs from the config. A refusal is announced like a refused save, except if the call itself is wrong. */
  async steer(work: (steering: Steering) => Promise<ReloadReport>): Promise<ReloadReport> {
    try {
      return await (this.file === undefined ? work(this.proxy.steering) : this.file.steer(work));
    } catch (error) {
      if (SluiceError.is(error) && error.code.startsWith("SLUICE_ADMIN_")) throw error;
      throw this.proxy.refuse(error);
    }
  }
}
