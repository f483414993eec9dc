import path from "node:path";
import { CLOCK, definePlugin, fileOfWorker, LOGGER, METRICS, OPTIONS, PLACE, TAPS } from "sluice";
import type { FileProgress, FlowTap, Logger, Metrics, Place, Plugin, PluginFactory, TappedFlow, Taps } from "sluice";
import type { SchedulerLike } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";
import type { RecordConfig } from "./config.ts";
import { joinRecordings } from "./record/join-recordings.ts";
import { limitsSchema } from "./record/limits.ts";
import { SessionRecorders, type RecordingTools } from "./record/session-recorders.ts";

const optionsSchema = z.object({
  file: z.string().min(1),
  mode: z.enum(["none", "once", "new", "all"]).default("once"),
  redact: z.union([z.literal(false), z.array(z.union([z.string().min(1), z.instanceof(RegExp)])).readonly()]).default([]),
  limits: limitsSchema,
});

/** Writes the data of sessions into a file from which `replay()` can answer. */
@injectable()
class Record implements Plugin {
  static readonly borrows = true;
  static readonly join = joinRecordings;
  readonly #tools: RecordingTools;
  #recorders: SessionRecorders | undefined;

  // oxlint-disable-next-line max-params -- injected parts
  constructor(
    @inject(OPTIONS) private readonly options: z.output<typeof optionsSchema>,
    @inject(PLACE) private readonly place: Place,
    @inject(LOGGER) logger: Logger,
    @inject(CLOCK) clock: SchedulerLike,
    @inject(METRICS) metrics: Metrics,
    @inject(TAPS) private readonly taps: Taps,
  ) {
    this.#tools = { place, logger, clock, metrics };
  }

  async setup(): Promise<void> {
    const recorders = new SessionRecorders(
      { ...this.options, file: fileOfWorker(path.resolve(this.place.folder, this.options.file), this.place.worker) },
      this.#tools,
    );
    this.#recorders = recorders;
    await recorders.begin();
    this.taps.tap((flow) => tapOf(flow, recorders));
  }

  progress(): FileProgress {
    return this.#recorders?.progress ?? { entries: 0, bytes: 0 };
  }

  async teardown(): Promise<void> {
    await this.#recorders?.end();
  }
}

/** The tap for one direction: records what was sent to the upstream and what it sent, which is what a replay sees. */
function tapOf({ session, direction }: TappedFlow, recorders: SessionRecorders): FlowTap | undefined {
  const recorder = recorders.of(session);
  if (recorder === undefined) return undefined;
  if (direction === "fromClient") return { sent: (chunk) => recorder.said("client", chunk), finished: () => recorder.closed("client") };
  return { received: (chunk) => recorder.said("upstream", chunk), ended: () => recorder.closed("upstream") };
}

/**
 * Records what clients and their upstream send, as YAML that people can read and edit.
 *
 * @example plugins: [record({ file: "fixtures/login.yaml", mode: "all" })]
 */
export const record: PluginFactory<RecordConfig> = definePlugin("record", Record, optionsSchema);
