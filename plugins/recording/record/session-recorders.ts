import { reasonOf, SluiceError, type FileProgress, type Logger, type Metrics, type Place, type Session } from "sluice";
import type { SchedulerLike } from "rxjs";
import { noteEnd } from "./end-of-session.ts";
import type { Journal, JournalLimits, Mode } from "./journal.ts";
import { acquireJournal } from "./journals.ts";
import type { Entry } from "../format/recording.ts";
import { redactor, type Redactor } from "./redaction.ts";
import { SessionRecorder } from "./session-recorder.ts";

export interface RecordingRules {
  readonly file: string;
  readonly mode: Mode;
  readonly redact: false | readonly (string | RegExp)[];
  readonly limits: JournalLimits;
}

/** The injected parts that the recorders need. */
export interface RecordingTools {
  readonly place: Place;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: SchedulerLike;
}

/** The recorders of open sessions, which outlive reloads, by the journal with which each began. */
const recorders = new WeakMap<Session, Map<Journal, SessionRecorder>>();

/** The recorders of one plugin use, which write into one file. Errors of the file never affect a session. */
export class SessionRecorders {
  /** Called for each session that was added to the file. */
  onAdded: (entries: readonly Entry[]) => void = () => undefined;
  readonly #journal: Journal;
  readonly #release: () => boolean;
  readonly #redact: Redactor;
  /** An expression took too long for the last session: this is told once. */
  #isSlow = false;

  /** @throws SLUICE_CONFIG_INVALID when another listener writes to the file in another way */
  constructor(
    private readonly rules: RecordingRules,
    private readonly tools: RecordingTools,
  ) {
    const { file, mode, limits, redact } = rules;
    const { listener, plugin, datagrams, worker } = tools.place;
    const { journal, release } = acquireJournal({ file, mode, datagrams, limits, name: `${listener}/${plugin}`, worker });
    this.#journal = journal;
    this.#release = release;
    this.#redact = redact === false ? (parts) => parts : redactor(redact);
    if (redact !== false) journal.redacted = redact.filter((each) => typeof each === "string");
  }

  /** The progress of the file. */
  get progress(): FileProgress {
    return this.#journal.progress;
  }

  /** Reads the existing file. @throws SLUICE_RECORDING_INVALID */
  begin(): Promise<void> {
    return this.#journal.look();
  }

  /** The recorder of a session; undefined when nothing is recorded. */
  of(session: Session): SessionRecorder | undefined {
    if (!this.#journal.records) return undefined;
    return recorders.get(session)?.get(this.#journal) ?? this.#begin(session);
  }

  /** Settles when everything is written. */
  async end(): Promise<void> {
    // The last use: what open sessions have sent so far is kept.
    if (this.#release()) for (const keep of this.#journal.open) keep();
    await Promise.all(this.#journal.keeping);
  }

  #begin(session: Session): SessionRecorder {
    const recorder = new SessionRecorder(session, this.tools.clock, this.#journal);
    recorders.set(session, (recorders.get(session) ?? new Map<Journal, SessionRecorder>()).set(this.#journal, recorder));
    const { open, keeping } = this.#journal;
    const keep = (): void => {
      if (!open.delete(keep)) return;
      noteEnd(session, recorder);
      const kept = this.#keep(session, recorder).finally(() => {
        keeping.delete(kept);
      });
      keeping.add(kept);
    };
    open.add(keep);
    session.signal.addEventListener("abort", keep);
    return recorder;
  }

  #added(entries: readonly Entry[]): void {
    this.onAdded(entries);
    if (this.#journal.failure === undefined) return;
    this.#journal.failure = undefined;
    this.tools.logger.info({ file: this.rules.file }, "the recording can be written again, and nothing of it is missing");
  }

  #wasSlow(isSlow: boolean, { id }: Session): boolean {
    if (isSlow && !this.#isSlow) {
      const { file } = this.rules;
      this.tools.logger.warn(
        { file, session: id },
        "not recorded: an expression of `redact` took too long; sessions are left out for a while",
      );
    }
    this.#isSlow = isSlow;
    return isSlow;
  }

  async #keep(session: Session, recorder: SessionRecorder): Promise<void> {
    const { file } = this.rules;
    const { logger, metrics } = this.tools;
    recorder.release();
    if (!recorder.isWanted) return;
    try {
      const entries = redacted(recorder.entries(), this.#redact);
      if (this.#wasSlow(entries === undefined, session)) metrics.counter("sluice_recording_sessions_dropped_total").inc();
      if (entries === undefined) return;
      const result = recorder.isTooLarge ? "full" : await this.#journal.add(entries, session.upstream ?? "");
      if (result === "added") this.#added(entries);
      if (result !== "full") return;
      this.#journal.isFull = true;
      metrics.counter("sluice_recording_sessions_dropped_total").inc();
      logger.warn({ file, session: session.id }, "not recorded: the session, or the recording with it, would be larger than its limits");
    } catch (error) {
      metrics.counter("sluice_recording_sessions_dropped_total").inc();
      const isKnown = this.#journal.failure !== undefined;
      this.#journal.failure = new SluiceError("SLUICE_FILE_UNWRITABLE", reasonOf(error), { where: file, cause: error });
      // Each session tries again: a full disk is not reported for each.
      if (isKnown) return;
      logger.error({ file }, `the recording cannot be written, make room or name another file; sessions go on: ${reasonOf(error)}`);
    }
  }
}

/** Entries without their secrets. */
function redacted(entries: readonly Entry[], redact: Redactor): readonly Entry[] | undefined {
  const parts = redact(entries.flatMap((entry) => ("from" in entry ? [entry.bytes] : [])));
  if (parts === undefined) return undefined;
  let next = 0;
  return entries.map((entry) => ("from" in entry ? { ...entry, bytes: parts[next++] ?? entry.bytes } : entry));
}
