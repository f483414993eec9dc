import { setImmediate as turn } from "node:timers/promises";
import { ConfigLoader } from "../../config/load/config-loader.ts";
import { CLOCK, type Direction, directions, type ResolvedConfig, SluiceError } from "../../contract/index.ts";
import { didYouMean } from "../../contract/options/nearest.ts";
import { transports } from "../../net/transports/table.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Generation } from "../../runtime/generation/generation.ts";
import { createLogger } from "../../runtime/log/logger.ts";
import { withLoneGeneration } from "../../runtime/proxy/lone-generation.ts";
import { RunningSession, type Outcome } from "../bench/running-session.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { hasDatagrams } from "../values/transport-form.ts";

/** An entry of a recorded session: data or the end of one side. */
type RecordedAct =
  | { readonly from: "client" | "upstream"; readonly at: number; readonly bytes: Buffer }
  | { readonly close: "client" | "upstream"; readonly at: number };

/** A recorded session, and whether it was recorded over UDP. */
export interface RecordedSession {
  readonly entries: readonly RecordedAct[];
  readonly datagrams: boolean;
}

/** The output of a pipeline for one direction of a session. */
export interface PipelineOutput extends Outcome {
  /** The index of the session. */
  readonly session: number;
  readonly direction: Direction;
  readonly datagrams: boolean;
}

const directionOf = { client: "fromClient", upstream: "fromUpstream" } as const;

/** Turns of the event loop to wait for promises of a plugin before the next entry. */
const TURNS = 3;

/**
 * Passes sessions through the byte hooks of a listener in its current config, without sockets and in virtual time. Only that listener's plugins are
 * constructed and set up, and only their byte hooks are called.
 *
 * @throws the errors of the config; SLUICE_USAGE for an unknown listener, and for one of the other kind of transport
 */
export async function throughListener(file: string, listener: string, sessions: readonly RecordedSession[]): Promise<PipelineOutput[]> {
  const loader = new ConfigLoader(file, transports);
  const loaded = await loader.load();
  const clock = new VirtualClock();
  try {
    const config = only(loaded.config, listener, clock);
    refuseOtherKind(config, sessions);
    return await withLoneGeneration(config, silent, (generation) => outputsOf(generation, sessions, clock));
  } finally {
    loaded.retire();
  }
}

async function outputsOf({ versions }: Generation, sessions: readonly RecordedSession[], clock: VirtualClock): Promise<PipelineOutput[]> {
  const [version] = versions.values();
  if (version === undefined) throw new SluiceError("SLUICE_INTERNAL", "a listener has no version");
  const { transport } = version.config.address;
  const datagrams = hasDatagrams(transport);
  const made: PipelineOutput[] = [];
  for (const [index, { entries }] of sessions.entries()) {
    const bench = { transport, clock };
    // oxlint-disable-next-line no-await-in-loop -- one session after the other: a plugin may remember earlier ones
    const outcomes = await play(entries, { bench, instance: { pipeline: bytesAlone(version.pipeline.pipeline) } }, clock);
    made.push(...outcomes.map(([direction, outcome]) => ({ ...outcome, session: index, direction, datagrams })));
  }
  return made;
}

type Stage = ConstructorParameters<typeof RunningSession>[0];

async function play(session: readonly RecordedAct[], stage: Stage, clock: VirtualClock): Promise<[Direction, Outcome][]> {
  const running = new RunningSession(stage, false);
  await running.open();
  const began = clock.now();
  for (const entry of session) {
    clock.advance(Math.max(0, began + entry.at - clock.now()));
    if ("from" in entry) running.feed(directionOf[entry.from], entry.bytes);
    else running.finish(directionOf[entry.close]);
    // oxlint-disable-next-line no-await-in-loop -- one entry after the other
    for (let turns = 0; turns < TURNS; turns += 1) await turn();
  }
  const outcomes: [Direction, Outcome][] = [];
  for (const direction of directions) {
    running.finish(direction);
    // oxlint-disable-next-line no-await-in-loop -- one direction after the other
    outcomes.push([direction, await running.outcome(direction)]);
  }
  running.end();
  return outcomes;
}

/** The pipeline with only its byte hooks: the recorded data has already passed the others. */
function bytesAlone(pipeline: Pipeline): Pipeline {
  return { ...pipeline, admit: undefined };
}

function only(config: ResolvedConfig, listener: string, clock: VirtualClock): ResolvedConfig {
  const listeners = config.listeners.filter(({ name }) => name === listener);
  const names = config.listeners.map(({ name }) => name);
  if (listeners.length === 0)
    throw new SluiceError(
      "SLUICE_USAGE",
      `--through: there is no listener "${listener}"${didYouMean(listener, names)}; there are ${names.join(", ")}`,
    );
  return { ...config, listeners, providers: [...config.providers, { token: CLOCK, useValue: clock }] };
}

/** @throws SLUICE_USAGE for datagrams through a listener of streams, and the other way round */
function refuseOtherKind({ listeners }: ResolvedConfig, sessions: readonly RecordedSession[]): void {
  for (const { name, address } of listeners) {
    const datagrams = hasDatagrams(address.transport);
    if (sessions.every((session) => session.datagrams === datagrams)) continue;
    const recorded = datagrams ? "a stream" : "datagrams";
    throw new SluiceError("SLUICE_USAGE", `--through: the recording is of ${recorded}, and the listener "${name}" is ${address.transport}`);
  }
}

const silent = { logger: createLogger({ level: "silent", to: { write: () => undefined } }), fault: (): void => undefined };
