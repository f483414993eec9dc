import path from "node:path";
import type { SessionsBehind, SluiceError, TrialView } from "../../contract/index.ts";
import { inSlices } from "../../contract/slices.ts";
import type { Prepared } from "../generation/generation.ts";
import type { LiveSession } from "../session/live-session.ts";
import { FaultTally } from "./fault-tally.ts";
import { ListenerTrial, type TriedHost } from "./listener-trial.ts";

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
  readonly #tally: FaultTally;
  #isJudged = false;

  private constructor(
    readonly prepared: Prepared,
    tried: readonly TriedHost[],
    /** Called once, when too much has failed. */
    private readonly failed: (why: string) => void,
  ) {
    const { config, versions } = prepared.generation;
    this.#tally = new FaultTally(config.file === undefined ? process.cwd() : path.dirname(config.file));
    this.#listeners = tried.flatMap((host) => {
      const version = versions.get(host.name);
      const settings = version?.config.reload.trial;
      if (version === undefined || settings === undefined) return [];
      return [new ListenerTrial(host, version, settings, (...fault) => this.#count(...fault))];
    });
  }

  /** @returns undefined if no pipeline changes of a running listener whose config wants a trial */
  static of(prepared: Prepared, running: Iterable<TriedHost>, failed: (why: string) => void): Trial | undefined {
    const tried = [...running].filter(({ name, version }) => {
      const next = prepared.generation.versions.get(name);
      return next?.config.reload.trial !== undefined && next.pipeline !== version.pipeline;
    });
    return tried.length === 0 ? undefined : new Trial(prepared, tried, failed);
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

  /** Failures no longer count, as it is about to be accepted. */
  settle(): void {
    this.#isJudged = true;
  }

  /** Ends it: no new session tries it from now on, and those that did return in slices, with their state. */
  async takeBack(open: readonly LiveSession[], returned: Returned): Promise<{ readonly behind?: SessionsBehind }> {
    this.#isJudged = true;
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

  #count(plugin: string, error: SluiceError, isTooMuch: boolean): void {
    if (this.#isJudged) return;
    this.#tally.add(plugin, error);
    if (!isTooMuch) return;
    this.#isJudged = true;
    this.failed(this.#tally.text);
  }
}
