import type { Leg, LegReader, Session, SluiceError, Upstream } from "sluice";
import type { Observable } from "rxjs";
import { Dialogue, type DialogueSender } from "./dialogue.ts";
import { PassedUpstream, type PassedReader } from "./passed-upstream.ts";
import type { SessionRecorder } from "../record/session-recorder.ts";

/** Bytes of the client that may wait for their turn; with more the client is paused, and on UDP datagrams are dropped. */
const MAX_EARLY = 1024 * 1024;

export interface UnmatchedRules {
  /** `fail`: the session ends. `rest`: the real upstream gets the rest of the session. `message`: the real upstream gets that message. */
  readonly unmatched: "fail" | "rest" | "message";
  /** Opens the real upstream. */
  readonly attempt: Observable<Upstream>;
  /** Records what is passed to the real upstream; with `rest` the whole session. */
  readonly recorder: SessionRecorder | undefined;
  readonly failed: (error: SluiceError) => void;
}

/** An upstream leg that plays recorded answers. */
export class ReplayLeg implements Leg, DialogueSender {
  readonly datagrams: boolean;
  readonly records = false;
  readonly borrows = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  hasRoom = true;
  readonly #dialogue: Dialogue;
  #reader: LegReader | undefined;
  #passed: PassedUpstream | undefined;
  /** Whether all data now goes to the real upstream. */
  #isGone = false;
  #isStopped = false;
  #theyFinished = false;
  #isFinished = false;
  #isClosed = false;

  constructor(
    dialogue: (voice: DialogueSender) => Dialogue,
    private readonly session: Session,
    private readonly rules: UnmatchedRules,
  ) {
    this.datagrams = session.datagrams;
    this.#dialogue = dialogue(this);
  }

  get pending(): number {
    return this.#isStopped ? Math.max(1, this.#dialogue.waiting) : 0;
  }

  read(reader: LegReader): void {
    this.#reader = reader;
    this.#dialogue.goOn();
  }

  write(chunk: Buffer): boolean {
    if (this.#isClosed) return true;
    if (this.rules.unmatched === "rest") this.rules.recorder?.said("client", chunk);
    if (this.datagrams) {
      if (this.#dialogue.waiting < MAX_EARLY) this.#try(() => this.#dialogue.heard(chunk));
      return true;
    }
    if (this.#isGone) this.#isStopped = this.#passed?.write(chunk) === false;
    else this.#try(() => this.#dialogue.heard(chunk));
    this.#isStopped ||= this.#isFull;
    return !this.#isStopped;
  }

  end(): void {
    this.#theyFinished = true;
    if (this.#isGone) this.#passed?.end();
    else this.#try(() => this.#dialogue.theyFinished());
    this.#closeWhenDone();
  }

  resume(): void {
    this.hasRoom = true;
    this.#passed?.resume();
    if (!this.#isGone) this.#dialogue.goOn();
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dialogue.stop();
    this.#passed?.destroy();
    queueMicrotask(() => this.onClosed?.());
  }

  say(bytes: Buffer): void {
    if (this.rules.unmatched === "rest") this.rules.recorder?.said("upstream", bytes);
    if (this.#reader?.data(bytes) === false && !this.datagrams) this.hasRoom = false;
  }

  close(how: "fin" | "reset"): void {
    if (how === "reset") this.session.close(undefined, { how: "reset", flush: true });
    // The real upstream still has to answer what was passed to it.
    else if (this.#passed !== undefined && this.#theyFinished) this.#passed.end();
    else if (!this.datagrams) this.#finish();
  }

  unmatched(error: SluiceError, given: Buffer): void {
    if (this.rules.unmatched === "fail") this.#fail(error);
    else if (given.length === 0) this.close("fin");
    else this.#pass(given);
  }

  rested(): void {
    if (!this.#isStopped || (!this.#isGone && this.#isFull)) return;
    this.#isStopped = false;
    this.onDrain?.();
  }

  #fail(error: SluiceError): void {
    this.#dialogue.stop();
    this.rules.failed(error);
    this.#reader?.failed(error);
  }

  #pass(given: Buffer): void {
    const { unmatched, attempt, recorder } = this.rules;
    if (recorder !== undefined) recorder.isWanted = true;
    this.#passed ??= new PassedUpstream(attempt, this.#answers);
    const hasRoom = this.#passed.write(given);
    if (unmatched === "message") return recorder?.said("client", given);
    this.#isGone = true;
    this.#dialogue.stop();
    this.#isStopped = !hasRoom;
    if (this.#theyFinished) this.#passed.end();
  }

  /** Receives the data of the real upstream. */
  readonly #answers: PassedReader = {
    data: (chunk: Buffer): boolean => {
      const copy = Buffer.from(chunk);
      this.rules.recorder?.said("upstream", copy);
      const goesOn = this.#reader?.data(copy) ?? true;
      if (!goesOn && !this.datagrams) this.hasRoom = false;
      return goesOn;
    },
    end: (): void => {
      this.rules.recorder?.closed("upstream");
      this.#finish();
    },
    failed: (error: SluiceError): void => {
      this.#dialogue.stop();
      this.#reader?.failed(error);
    },
    drained: () => {
      this.rested();
    },
    closed: () => {
      this.destroy();
    },
  };

  get #isFull(): boolean {
    return this.#dialogue.isSpeaking && this.#dialogue.waiting > MAX_EARLY;
  }

  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#reader?.end();
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#isFinished && this.#theyFinished && this.#passed === undefined) this.destroy();
  }

  /** Ends the session when a codec cannot decode the data. */
  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#dialogue.stop();
      this.#reader?.failed(error as SluiceError);
    }
  }
}
