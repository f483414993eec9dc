import type { SluiceError } from "sluice";
import type { SchedulerLike, Subscription } from "rxjs";
import { Captured } from "./captured.ts";
import type { Intake } from "../match/intake.ts";
import type { Message, Side } from "../format/recording.ts";
import type { Script } from "../match/script.ts";
import type { Step } from "../match/dialogue-turns.ts";
import { unmatchedError } from "./unmatched-error.ts";

/** The most bytes of one message that are waited for. */
const MAX_WAITING = 16 * 1024 * 1024;

/** Sends what the played side of a dialogue says. */
export interface DialogueSender {
  /** Whether more data is accepted now; when it becomes true again, the voice calls `goOn`. */
  readonly hasRoom: boolean;
  say(bytes: Buffer): void;
  /** The played side has ended. */
  close(how: "fin" | "reset"): void;
  /** Called for data that is not in the recording. @param given the bytes so far, which are removed from the waiting data */
  unmatched(error: SluiceError, given: Buffer): void;
  /** Called when nothing more can be done now. */
  rested(): void;
}

export interface DialogueRules {
  /** The side that is real, and not played. */
  readonly theirs: Side;
  /** The factor of recorded delays; 0: no delays. */
  readonly stretch: number;
  readonly clock: SchedulerLike;
  /** The file of the recording, for messages. */
  readonly file: string;
}

/** Plays one side of a recorded session to the other side, which is real. */
export class Dialogue {
  readonly #captured = new Captured();
  readonly #steps: Step[];
  #timer: Subscription | undefined;
  #hasWaited = false;
  #theyFinished = false;
  #isOver = false;

  constructor(
    private readonly script: Script,
    private readonly intake: Intake,
    private readonly voice: DialogueSender,
    private readonly rules: DialogueRules,
  ) {
    this.#steps = [...script.opening];
  }

  /** Whether something is still to be sent. */
  get isSpeaking(): boolean {
    return this.#steps.length > 0;
  }

  /** The message that the other side must send next. */
  get expected(): Message | undefined {
    return this.script.expected;
  }

  /** Bytes that have come and are not answered yet. */
  get waiting(): number {
    return this.intake.size;
  }

  /** @throws the error of the codec for bytes that are not a message */
  heard(chunk: Buffer): void {
    if (this.#isOver || chunk.length === 0) return;
    this.intake.add(chunk);
    this.goOn();
  }

  /** @throws the error of the codec for bytes that are not a message */
  theyFinished(): void {
    if (this.#theyFinished || this.#isOver) return;
    this.#theyFinished = true;
    this.intake.finish();
    this.goOn();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.unsubscribe();
  }

  /** Sends what is to be sent, until it must wait for something. */
  goOn(): void {
    while (!this.#isOver && this.#timer === undefined && this.#goOnce());
    if (!this.#isOver) this.voice.rested();
  }

  /** @returns whether there may be more to do */
  #goOnce(): boolean {
    const [step] = this.#steps;
    if (step !== undefined) return "close" in step.entry && step.entry.close === this.rules.theirs ? this.#awaitEnd() : this.#play(step);
    const given = this.intake.next;
    if (given !== undefined) return this.#answer(given);
    if (this.#theyFinished) this.#atTheirEnd();
    return false;
  }

  /** Waits until the other side has ended. */
  #awaitEnd(): boolean {
    const given = this.intake.next;
    if (given !== undefined) this.#unmatched(undefined, given);
    else if (this.#theyFinished) this.#steps.shift();
    return given !== undefined || this.#theyFinished;
  }

  #play({ entry, wait }: Step): boolean {
    const { stretch, clock } = this.rules;
    if (!this.#hasWaited && wait * stretch > 0) {
      this.#timer = clock.schedule(() => {
        this.#timer = undefined;
        this.#hasWaited = true;
        this.goOn();
      }, wait * stretch);
      return false;
    }
    if ("from" in entry && !this.voice.hasRoom) return false;
    this.#hasWaited = false;
    this.#steps.shift();
    if ("from" in entry) this.voice.say(this.#captured.bytesOf(entry));
    else if (entry.how !== "idle") this.voice.close(entry.how);
    return true;
  }

  #answer(given: Buffer): boolean {
    const taken = this.script.take(given);
    if (taken === "more" && !this.#theyFinished && given.length <= MAX_WAITING) return false;
    if (taken === "more" || !("steps" in taken)) {
      this.#unmatched(taken === "more" ? this.script.expected : taken.expected, given);
      return true;
    }
    this.#captured.note(taken.message, given.subarray(0, taken.bytes));
    this.intake.take(taken.bytes);
    this.#steps.push(...taken.steps);
    return true;
  }

  #atTheirEnd(): void {
    const { expected } = this.script;
    if (expected !== undefined) this.voice.unmatched(unmatchedError(expected, Buffer.alloc(0), this.rules.file), Buffer.alloc(0));
    else this.voice.close("fin");
  }

  #unmatched(expected: Message | undefined, given: Buffer): void {
    this.intake.take(given.length);
    this.voice.unmatched(unmatchedError(expected, given, this.rules.file), given);
  }
}
