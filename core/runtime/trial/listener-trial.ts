import type { ResolvedTrial, SluiceError, TriedListener } from "../../contract/index.ts";
import type { LiveSession } from "../session/live-session.ts";
import type { ListenerVersion } from "../version/listener-version.ts";
import { Share, type ShareStart } from "./share.ts";
import type { TrialFault } from "./trial-faults.ts";

/** A listener on which a save is tried. */
export interface TriedHost {
  readonly name: string;
  /** The version in force. */
  readonly version: ListenerVersion;
  trial: ListenerTrial | undefined;
}

/** The trial of a save on one listener: which sessions try it, and how often its plugins failed. */
export class ListenerTrial {
  readonly settings: ResolvedTrial;
  readonly #share: Share;
  readonly #began = performance.now();
  /** Exceptions in its plugins, within `for`. */
  #faults = 0;

  constructor(
    readonly host: TriedHost,
    /** The version that is tried. */
    readonly version: ListenerVersion,
    start: ShareStart | undefined,
    private readonly onFault: (fault: TrialFault) => void,
  ) {
    const { trial } = version.config.reload;
    if (trial === undefined) throw new Error(`listener ${host.name} tries nothing`);
    this.settings = trial;
    this.#share = new Share(trial.share, start);
  }

  /** The version for the next new session. */
  next(): ListenerVersion {
    return this.#share.takes() ? this.version : this.host.version;
  }

  /** Lets an open session try the save, if it belongs to the share. */
  offer(session: LiveSession): void {
    if (this.host.trial !== this || !this.#share.takes()) return;
    this.#counted(session.swapTo(this.version.pipeline));
  }

  /** At least one session has tried it, so state has to go back. */
  get isTouched(): boolean {
    return this.#share.taken > 0;
  }

  /** All sessions try it, so no state was changed elsewhere meanwhile. */
  get isWhole(): boolean {
    return this.#share.taken === this.#share.seen;
  }

  tries(session: LiveSession): boolean {
    return session.pipeline === this.version.pipeline;
  }

  /** One of its plugins failed. */
  failed(plugin: string, { where }: SluiceError): void {
    if (performance.now() - this.#began > this.settings.forMs) return;
    this.#faults += 1;
    this.onFault({ listener: this.host.name, plugin, where });
  }

  view(open: Iterable<LiveSession>): TriedListener {
    let sessions = 0;
    for (const session of open) if (this.tries(session)) sessions += 1;
    const { share, faults: allowed } = this.settings;
    return { listener: this.host.name, share, sessions, faults: this.#faults, allowed };
  }

  #counted(fault: ReturnType<LiveSession["swapTo"]>): void {
    if (fault !== undefined) this.failed(fault.plugin, fault.error);
  }
}
