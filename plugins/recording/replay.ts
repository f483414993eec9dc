import path from "node:path";
import { CLOCK, definePlugin, LOGGER, METRICS, OPTIONS, PLACE, reasonOf, SluiceError } from "sluice";
import type { Logger, Metrics, Place, Plugin, PluginFactory, Session, Upstream } from "sluice";
import type { Codec } from "sluice/codec";
import { of, type Observable, type SchedulerLike } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";
import type { ReplayConfig } from "./config.ts";
import { Dialogue } from "./replay/dialogue.ts";
import { fileText } from "./format/file-text.ts";
import type { Recording } from "./format/recording.ts";
import { defaultLimits } from "./record/limits.ts";
import { ReplayLeg } from "./replay/replay-leg.ts";
import { Scripts } from "./match/scripts.ts";
import type { SessionRecorder } from "./record/session-recorder.ts";
import { SessionRecorders } from "./record/session-recorders.ts";

const isCodec = (value: unknown): value is Codec<unknown> =>
  typeof value === "object" && value !== null && "decode" in value && "encode" in value;

const optionsSchema = z
  .object({
    file: z.string().min(1),
    match: z.enum(["sequence", "strict", "framed", "table"]).default("sequence"),
    codec: z.custom<Codec<unknown>>(isCodec, { error: "expected a codec of sluice/codec, such as lines()" }).optional(),
    unmatched: z.enum(["fail", "pass", "record"]).default("fail"),
    timing: z.union([z.enum(["none", "recorded"]), z.number().min(0).max(1_000)]).default("none"),
  })
  .refine(({ match, codec }) => match !== "framed" || codec !== undefined, {
    path: ["codec"],
    error: 'match: "framed" needs a codec of sluice/codec, such as lines()',
  })
  .refine(({ match, codec }) => match === "framed" || codec === undefined, {
    path: ["codec"],
    error: 'a codec is used with match: "framed" alone',
  });

type ReplayOptions = z.output<typeof optionsSchema>;

/** Answers like the recorded upstream. The listener needs no upstream. */
@injectable()
class Replay implements Plugin {
  readonly #file: string;
  #scripts: Scripts | undefined;
  #recorders: SessionRecorders | undefined;
  #next = 0;

  // oxlint-disable-next-line max-params -- injected parts
  constructor(
    @inject(OPTIONS) private readonly options: ReplayOptions,
    @inject(PLACE) readonly place: Place,
    @inject(LOGGER) readonly logger: Logger,
    @inject(CLOCK) readonly clock: SchedulerLike,
    @inject(METRICS) readonly metrics: Metrics,
  ) {
    this.#file = path.resolve(place.folder, options.file);
  }

  get answersIn(): Plugin["answersIn"] {
    return this.options.unmatched === "fail" ? ["connect"] : undefined;
  }

  async setup(): Promise<void> {
    const { match, codec, unmatched } = this.options;
    const { datagrams } = this.place;
    const { sessions } = await this.#read();
    this.#scripts = new Scripts(sessions, { match, datagrams, codec });
    if (unmatched !== "record") return;
    const rules = { file: this.#file, mode: "new", redact: [], limits: defaultLimits } as const;
    this.#recorders = new SessionRecorders(rules, this);
    this.#recorders.onAdded = (session) => this.#scripts?.add(session);
    await this.#recorders.begin();
  }

  async teardown(): Promise<void> {
    await this.#recorders?.end();
  }

  connect(attempt: Observable<Upstream>, session: Session): Observable<Upstream> {
    const scripts = this.#scripts;
    if (scripts === undefined) return attempt;
    const { timing, unmatched, match } = this.options;
    const script = scripts.script(this.#next);
    this.#next += 1;
    const stretch = timing === "none" ? 0 : timing === "recorded" ? 1 : timing;
    const rules = { theirs: "client", stretch, clock: this.clock, file: this.#file } as const;
    const byMessage = session.datagrams || match === "framed" || match === "table";
    const leg = new ReplayLeg((voice) => new Dialogue(script, scripts.intake(), voice, rules), session, {
      unmatched: unmatched === "fail" ? "fail" : byMessage ? "message" : "rest",
      attempt,
      recorder: this.#recorderOf(session),
      failed: ({ code, message }) => {
        this.logger.error({ session: session.id, code }, message);
      },
    });
    return of({ endpoint: "replay", leg });
  }

  /** The recorder of a session, whose data is kept only if something is passed to the real upstream. */
  #recorderOf(session: Session): SessionRecorder | undefined {
    const recorder = this.#recorders?.of(session);
    if (recorder !== undefined) recorder.isWanted = false;
    return recorder;
  }

  async #read(): Promise<Recording> {
    const text = await fileText(this.#file).catch((error: NodeJS.ErrnoException) => {
      // A missing file is created by recording.
      if (this.options.unmatched === "record" && error.code === "ENOENT") return undefined;
      throw new SluiceError("SLUICE_RECORDING_INVALID", `it cannot be read: ${reasonOf(error)}`, { where: this.#file });
    });
    const { datagrams, listener } = this.place;
    if (text === undefined) return { datagrams, sessions: [], names: [], end: { indent: 0, next: 1 } };
    // Loaded only here: many programs that load this plugin do not need it.
    const { readRecording } = await import("./format/read-recording.ts");
    const recording = readRecording(text, this.#file);
    if (recording.datagrams === datagrams) return recording;
    throw new SluiceError(
      "SLUICE_CONFIG_INVALID",
      `listeners.${listener}: ${this.#file} was recorded over ${recording.datagrams ? "udp" : "tcp"}`,
    );
  }
}

/**
 * Answers from a recording like the recorded upstream; the listener needs no upstream.
 *
 * @example listeners: { db: { listen: "tcp://127.0.0.1:6379", plugins: [replay({ file: "fixtures/redis.yaml" })] } }
 */
export const replay: PluginFactory<ReplayConfig> = definePlugin("replay", Replay, optionsSchema);
