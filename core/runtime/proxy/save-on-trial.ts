import type { SessionsBehind, TrialView } from "../../contract/index.ts";
import type { Prepared } from "../generation/generation.ts";
import type { ReloadReport } from "../generation/reload-plan.ts";
import { Behind } from "../listener/behind.ts";
import type { LiveSession } from "../session/live-session.ts";
import type { ProxyState } from "../state/proxy-state.ts";
import type { Trial } from "../trial/trial.ts";
import type { Member } from "./member.ts";
import type { Change, TriedSave } from "../trial/trials.ts";

/** A generation that is ready in this process. */
export interface PreparedChange extends Change {
  readonly prepared: Prepared;
}

/** What a save on trial needs from its proxy. */
export interface SaveHost {
  readonly state: ProxyState;
  /** The other processes, whose first one decides how the trial ends. */
  readonly member: Member | undefined;
  /** Puts a change into force. Rejects with the error that refuses it. */
  enact(change: PreparedChange): Promise<ReloadReport>;
  /** Removes what was built for a change. */
  discard(change: PreparedChange, reason: string): void;
}

/** A save that is tried on sessions of this process. */
export class SaveOnTrial implements TriedSave {
  constructor(
    readonly change: PreparedChange,
    readonly trial: Trial,
    private readonly host: SaveHost,
  ) {}

  get acceptedAfter(): number | undefined {
    return this.host.member === undefined ? this.trial.forMs : undefined;
  }

  get beginning(): TrialView {
    return this.view;
  }

  get view(): TrialView {
    return this.trial.view(this.#open());
  }

  ready(): Promise<void> | undefined {
    this.trial.inherit();
    return this.host.member?.tryTogether();
  }

  follow(): Promise<void> {
    return this.trial.begin(this.#open());
  }

  enact(): Promise<ReloadReport> {
    const inherit = (): void => {
      this.trial.inheritOfOthers();
    };
    return this.host.enact({ ...this.change, started: performance.now(), prepared: { ...this.change.prepared, inherit } });
  }

  async takeBack(reason: string): Promise<{ readonly behind?: SessionsBehind }> {
    const left = await this.trial.takeBack(this.#open(), new Behind());
    this.host.discard(this.change, reason);
    return left;
  }

  stop(): void {
    this.host.discard(this.change, "the proxy is closing");
  }

  #open(): readonly LiveSession[] {
    const { sessions, flows } = this.host.state;
    return [...sessions, ...flows];
  }
}
