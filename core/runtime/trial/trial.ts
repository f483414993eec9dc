import type { SessionsBehind, SluiceError, TrialView } from "../../contract/index.ts";
import { inSlices } from "../../contract/slices.ts";
import type { Prepared } from "../generation/generation.ts";
import type { LiveSession } from "../session/live-session.ts";
import { ListenerTrial, type TriedHost } from "./listener-trial.ts";
import type { ShareStart } from "./share.ts";
import type { TrialFault } from "./trial-faults.ts";

/** The sessions that could not return. */
interface Returned {
  note(session: LiveSession, fault: ReturnType<LiveSession["swapTo"]>): void;
  report(): { readonly behind?: SessionsBehind };
}

/**
 * The trial of a generation that is ready: a share of the sessions uses it, the others stay on the generation in force. Only sessions are divided:
 * sockets, limits and everything else in its config wait until it is accepted.
 */
export class Trial {
  readonly since = Date.now();
  readonly #listeners: readonly ListenerTrial[];

  /**
   * @param tried the listeners on which it is tried, at least one
   * @param starts where their shares begin, by listener
   * @param failed called for each fault in a plugin of the tried pipelines
   */
  constructor(
    readonly prepared: Prepared,
    tried: readonly TriedHost[],
    starts: ReadonlyMap<string, ShareStart>,
    failed: (fault: TrialFault) => void,
  ) {
    const { versions } = prepared.generation;
    this.#listeners = tried.flatMap((host) => {
      const version = versions.get(host.name);
      return version === undefined ? [] : [new ListenerTrial(host, version, starts.get(host.name), failed)];
    });
  }

  /** The running listeners whose pipeline changes and whose config wants a trial. */
  static listenersOf<H extends TriedHost>({ generation }: Prepared, running: Iterable<H>): readonly H[] {
    return [...running].filter(({ name, version }) => {
      const next = generation.versions.get(name);
      return next?.config.reload.trial !== undefined && next.pipeline !== version.pipeline;
    });
  }

  /** The length of the trial in milliseconds: the longest `for` of its listeners. */
  get forMs(): number {
    return Math.max(...this.#listeners.map(({ settings }) => settings.forMs));
  }

  view(open: readonly LiveSession[]): TrialView {
    const { since, forMs } = this;
    const listeners = this.#listeners.map((each) => each.view(open));
    return { generation: this.prepared.generation.number, since, until: since + forMs, listeners };
  }

  /** Its plugins take over the state of the plugins that they will replace. @throws SLUICE_PLUGIN_SETUP */
  inherit(): void {
    this.prepared.inherit((name) => this.#of(name) !== undefined);
  }

  /** Takes the state over once more when it is accepted, from plugins that have served other sessions meanwhile. @throws SLUICE_PLUGIN_SETUP */
  inheritOfOthers(): void {
    this.prepared.inherit((name) => this.#of(name)?.isWhole !== true);
  }

  /** Begins: new sessions try it from now on, and open ones in slices. */
  async begin(open: readonly LiveSession[]): Promise<void> {
    for (const each of this.#listeners) each.host.trial = each;
    const takers = new Map(
      this.#listeners.filter(({ version }) => version.config.reload.sessions === "swap").map((each) => [each.host, each]),
    );
    await inSlices(open, (session) => {
      if (session.slot >= 0) session.undergo((each) => takers.get(session.owner as never)?.offer(each));
    });
  }

  /** A hook of one of its plugins failed outside any session. */
  failedElsewhere(listener: string, plugin: string, error: SluiceError): void {
    this.#of(listener)?.failed(plugin, error);
  }

  /** Ends it: no new session tries it from now on, and those that did return in slices, with their state. */
  async takeBack(open: readonly LiveSession[], returned: Returned): Promise<{ readonly behind?: SessionsBehind }> {
    for (const { host } of this.#listeners) host.trial = undefined;
    this.prepared.handBack((name) => this.#of(name)?.isTouched === true);
    const ofPipeline = new Map(this.#listeners.map((each) => [each.version.pipeline, each.host]));
    await inSlices(open, (session) => {
      const host = ofPipeline.get(session.pipeline);
      if (host === undefined || session.slot < 0) return;
      session.undergo((each) => returned.note(each, each.swapTo(host.version.pipeline)));
    });
    return returned.report();
  }

  #of(listener: string): ListenerTrial | undefined {
    return this.#listeners.find(({ host }) => host.name === listener);
  }
}
