import type { ResolvedTrial, SluiceError, TriedListener } from "../../contract/index.ts";
import type { LiveSession } from "../session/live-session.ts";
import type { ListenerVersion } from "../version/listener-version.ts";
import { Share } from "./share.ts";

/** The listener that a save is tried on. */
export interface TriedHost {
  readonly name: string;
  /** What is in force. */
  readonly version: ListenerVersion;
  trial: ListenerTrial | undefined;
}

/** A save on trial at one listener: who is tried, and what failed there. */
export class ListenerTrial {
  readonly #share: Share;
  readonly #began = performance.now();
  /** Exceptions in its plugins, within `for`. */
  #faults = 0;

  constructor(
    readonly host: TriedHost,
    /** What is tried. */
    readonly version: ListenerVersion,
    readonly settings: ResolvedTrial,
    private readonly onFault: (plugin: string, error: SluiceError, isTooMuch: boolean) => void,
  ) {
    this.#share = new Share(settings.share);
  }

  /** What the next new session gets. */
  next(): ListenerVersion {
    return this.#share.takes() ? this.version : this.host.version;
  }

  /** Tries an open session, if it is its turn. */
  offer(session: LiveSession): void {
    if (this.host.trial !== this || !this.#share.takes()) return;
    this.#counted(session.swapTo(this.version.pipeline));
  }

  /** Somebody has been tried, whose state has to go back. */
  get isTouched(): boolean {
    return this.#share.taken > 0;
  }

  /** Everybody is tried: nobody's state was changed elsewhere meanwhile. */
  get isWhole(): boolean {
    return this.#share.taken === this.#share.seen;
  }

  tries(session: LiveSession): boolean {
    return session.pipeline === this.version.pipeline;
  }

  /** One of its plugins failed. */
  failed(plugin: string, error: SluiceError): void {
    if (performance.now() - this.#began > this.settings.forMs) return;
    this.#faults += 1;
    this.onFault(plugin, error, this.#faults >= this.settings.faults);
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
