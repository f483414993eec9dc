import path from "node:path";
import { CLOCK, definePlugin, LOGGER, METRICS, OPTIONS, PLACE, TAPS } from "sluice";
import type { FileProgress, FlowTap, Logger, Metrics, Place, Plugin, PluginFactory, TappedFlow, Taps } from "sluice";
import type { SchedulerLike } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";
import type { RecordConfig } from "./config.ts";
import { limitsSchema } from "./limits.ts";
import { SessionRecorders, type RecordingTools } from "./session-recorders.ts";

const optionsSchema = z.object({
  file: z.string().min(1),
  mode: z.enum(["none", "once", "new", "all"]).default("once"),
  redact: z.union([z.literal(false), z.array(z.union([z.string().min(1), z.instanceof(RegExp)])).readonly()]).default([]),
  limits: limitsSchema,
});

/** Writes what sessions and their upstream say to each other into a file that `replay()` answers from. */
@injectable()
class Record implements Plugin {
  static readonly borrows = true;
  readonly #tools: RecordingTools;
  #recorders: SessionRecorders | undefined;

  // oxlint-disable-next-line max-params -- what is injected
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
    const recorders = new SessionRecorders({ ...this.options, file: path.resolve(this.place.folder, this.options.file) }, this.#tools);
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

/** What the upstream was sent, and what came from it: what a replay has to do with. */
function tapOf({ session, direction }: TappedFlow, recorders: SessionRecorders): FlowTap | undefined {
  const recorder = recorders.of(session);
  if (recorder === undefined) return undefined;
  if (direction === "fromClient") return { sent: (chunk) => recorder.said("client", chunk), finished: () => recorder.closed("client") };
  return { received: (chunk) => recorder.said("upstream", chunk), ended: () => recorder.closed("upstream") };
}

/**
 * Records what sessions and their upstream say to each other, as YAML that people read and edit.
 *
 * @example plugins: [record({ file: "fixtures/login.yaml", mode: "all" })]
 */
export const record: PluginFactory<RecordConfig> = definePlugin("record", Record, optionsSchema);
