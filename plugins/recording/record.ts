import path from "node:path";
import { CLOCK, definePlugin, LOGGER, OPTIONS, PLACE, reasonOf, TAPS } from "sluice";
import type { FlowTap, Logger, Place, Plugin, PluginFactory, Session, TappedFlow, Taps } from "sluice";
import type { SchedulerLike } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";
import type { RecordConfig } from "./config.ts";
import { Journal } from "./journal.ts";
import type { Entry, Message } from "./recording.ts";
import { redactor } from "./redaction.ts";

/** Bytes that are kept of one session until it ends. */
const MAX_BYTES = 16 * 1024 * 1024;

const optionsSchema = z.object({
  file: z.string().min(1),
  mode: z.enum(["none", "once", "new", "all"]).default("once"),
  redact: z.union([z.literal(false), z.array(z.union([z.string().min(1), z.instanceof(RegExp)])).readonly()]).default([]),
});

/** What one session says, until it ends. */
class SessionRecorder {
  readonly #entries: Entry[] = [];
  readonly #began: number;
  #bytes = 0;

  constructor(
    private readonly session: Session,
    private readonly clock: SchedulerLike,
  ) {
    this.#began = clock.now();
  }

  get isTooLarge(): boolean {
    return this.#bytes > MAX_BYTES;
  }

  said(from: Message["from"], chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (!this.isTooLarge) this.#entries.push({ from, at: this.#now(), bytes: Buffer.from(chunk) });
  }

  closed(close: Message["from"], how: "fin" | "reset" = "fin"): void {
    this.#entries.push({ close, at: this.#now(), how });
  }

  /** On a stream what one side said in one go is one entry: where chunks were cut says nothing. */
  entries(redact: (bytes: Buffer) => Buffer): Entry[] {
    const merged: Entry[] = [];
    for (const entry of this.#entries) {
      const last = merged.at(-1);
      if (!this.session.datagrams && "from" in entry && last !== undefined && "from" in last && last.from === entry.from)
        merged[merged.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, entry.bytes]) };
      else merged.push(entry);
    }
    return merged.map((entry) => ("from" in entry ? { ...entry, bytes: redact(entry.bytes) } : entry));
  }

  #now(): number {
    return this.clock.now() - this.#began;
  }
}

/** Writes what sessions and their upstream say to each other into a file that `replay()` answers from. */
@injectable()
class Record implements Plugin {
  static readonly borrows = true;
  journal: Journal;
  readonly file: string;
  readonly #recorders = new WeakMap<Session, SessionRecorder>();
  readonly #redact: (bytes: Buffer) => Buffer;

  // oxlint-disable-next-line max-params -- what is injected
  constructor(
    @inject(OPTIONS) private readonly options: z.output<typeof optionsSchema>,
    @inject(PLACE) place: Place,
    @inject(LOGGER) private readonly logger: Logger,
    @inject(CLOCK) private readonly clock: SchedulerLike,
    @inject(TAPS) private readonly taps: Taps,
  ) {
    this.file = path.resolve(place.folder, options.file);
    this.journal = new Journal(this.file, options.mode);
    this.#redact = options.redact === false ? (bytes) => bytes : redactor(options.redact);
  }

  async setup(): Promise<void> {
    await this.journal.look();
    this.taps.tap((flow) => (this.journal.records ? this.#tap(flow) : undefined));
  }

  inherit(previous: this): void {
    if (previous.file === this.file && previous.options.mode === this.options.mode) this.journal = previous.journal;
  }

  teardown(): Promise<void> {
    return this.journal.settled();
  }

  #tap({ session, direction }: TappedFlow): FlowTap {
    const recorder = this.#recorders.get(session) ?? this.#begin(session);
    // What the upstream was sent, and what came from it: what a replay has to do with.
    if (direction === "fromClient") return { sent: (chunk) => recorder.said("client", chunk), finished: () => recorder.closed("client") };
    return { received: (chunk) => recorder.said("upstream", chunk), ended: () => recorder.closed("upstream") };
  }

  #begin(session: Session): SessionRecorder {
    const recorder = new SessionRecorder(session, this.clock);
    this.#recorders.set(session, recorder);
    session.signal.addEventListener("abort", () => {
      const { file, logger } = this;
      if (recorder.isTooLarge) return logger.warn({ file, session: session.id }, "not recorded: the session is larger than 16MiB");
      const transport = session.datagrams ? "udp" : "tcp";
      this.journal.add(recorder.entries(this.#redact), transport, session.upstream ?? "").catch((error: unknown) => {
        logger.error({ file }, `the recording cannot be written: ${reasonOf(error)}`);
      });
    });
    return recorder;
  }
}

/**
 * Records what sessions and their upstream say to each other, as YAML that people read and edit.
 *
 * @example plugins: [record({ file: "fixtures/login.yaml", mode: "all" })]
 */
export const record: PluginFactory<RecordConfig> = definePlugin("record", Record, optionsSchema);
