import { readFile } from "node:fs/promises";
import path from "node:path";
import { CLOCK, definePlugin, OPTIONS, PLACE, reasonOf, SluiceError } from "sluice";
import type { Place, Plugin, PluginFactory, Session, Upstream } from "sluice";
import { answer } from "sluice/flow";
import { of, type Observable, type SchedulerLike } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";
import type { ReplayConfig } from "./config.ts";
import { readRecording } from "./read-recording.ts";
import type { Recording } from "./recording.ts";
import { ReplayedSession } from "./replayed-session.ts";

const optionsSchema = z.object({
  file: z.string().min(1),
  match: z.enum(["sequence", "table"]).default("sequence"),
  timing: z.union([z.enum(["none", "recorded"]), z.number().min(0).max(1_000)]).default("none"),
});

/** Answers as an upstream did when it was recorded. The listener needs no upstream. */
@injectable()
class Replay implements Plugin {
  readonly #file: string;
  #recording: Recording | undefined;
  #next = 0;

  constructor(
    @inject(OPTIONS) private readonly options: z.output<typeof optionsSchema>,
    @inject(PLACE) private readonly place: Place,
    @inject(CLOCK) private readonly clock: SchedulerLike,
  ) {
    this.#file = path.resolve(place.folder, options.file);
  }

  async setup(): Promise<void> {
    const text = await readFile(this.#file, "utf8").catch((error: unknown) => {
      throw new SluiceError("SLUICE_RECORDING_INVALID", `it cannot be read: ${reasonOf(error)}`, { where: this.#file });
    });
    this.#recording = readRecording(text, this.#file);
    if (this.#recording.datagrams === this.place.datagrams) return;
    const { listener } = this.place;
    throw new SluiceError(
      "SLUICE_CONFIG_INVALID",
      `listeners.${listener}: ${this.#file} was recorded over ${this.#recording.datagrams ? "udp" : "tcp"}`,
    );
  }

  connect(_attempt: Observable<Upstream>, session: Session): Observable<Upstream> {
    const { sessions = [] } = this.#recording ?? {};
    const { match, timing } = this.options;
    const first = this.#next % Math.max(1, sessions.length);
    this.#next += 1;
    const candidates = match === "table" ? [sessions.flat()] : [...sessions.slice(first), ...sessions.slice(0, first)];
    const stretch = timing === "none" ? 0 : timing === "recorded" ? 1 : timing;
    const replayed = new ReplayedSession(candidates, session, { match, stretch, clock: this.clock, file: this.#file });
    return of(answer("replay", (data) => replayed.answers(data), session));
  }
}

/**
 * Answers from a recording as the upstream did: no upstream is needed.
 *
 * @example listeners: { db: { listen: "tcp://127.0.0.1:6379", plugins: [replay({ file: "fixtures/redis.yaml" })] } }
 */
export const replay: PluginFactory<ReplayConfig> = definePlugin("replay", Replay, optionsSchema);
