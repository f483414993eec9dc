import { setImmediate as nextTurn } from "node:timers/promises";
import { of } from "rxjs";
import { type Direction, directions, reasonOf, SluiceError, type SluiceError as Failure } from "../../contract/index.ts";
import { Flow } from "../../flow/pump/flow.ts";
import { BenchSession } from "./bench-session.ts";
import { KeptLeg, PlayedLeg } from "./played-leg.ts";
import type { BenchInstance, PluginBench } from "./plugin-bench.ts";
import { settled } from "./settled.ts";

/** Milliseconds that a plugin may take in real time: less than mocha's limit of two seconds for a test, so that the reason is reported. */
const PATIENCE_MS = 1_000;
/** Milliseconds for output that may never come. */
const SHORT_MS = 200;

/** The result of one direction of a session. */
export interface Outcome {
  readonly chunks: readonly Buffer[];
  readonly bytes: Buffer;
  /** `fin`: the output completed. `open`: it did not complete, although its input did. Otherwise the error that ended the session. */
  readonly end: "fin" | "open" | Failure;
  /** The class of an emitted value that is not a Buffer. */
  readonly foreign: string | undefined;
  /** Whether it changed a chunk after passing it on. */
  readonly reused: boolean;
  /** Whether it changed a chunk that it was given. */
  readonly changed: boolean;
  /** A fault of the plugin that did not end the session, such as one at a swap. */
  readonly fault?: Failure | undefined;
}

/** One direction of a session on the bench. */
interface Lane {
  readonly source: PlayedLeg;
  readonly sink: KeptLeg;
  readonly flow: Flow;
}

/** The parts that a session needs. */
interface Stage {
  readonly bench: Pick<PluginBench, "transport" | "clock"> & Partial<Pick<PluginBench, "bypasses">>;
  readonly instance: Pick<BenchInstance, "pipeline">;
}

/** One session of a run: two flows between ends that the bench plays. */
export class RunningSession {
  readonly session: BenchSession;
  readonly #lanes: Partial<Record<Direction, Lane>> = {};
  #isOpen = false;

  constructor(
    private readonly run: Stage,
    private readonly lends: boolean,
  ) {
    const { transport, clock } = run.bench;
    this.session = new BenchSession(transport, clock.now(), this);
  }

  /** The error with which it failed or was closed. */
  get error(): Failure | undefined {
    return this.session.error;
  }

  /** Calls the plugin's `admit`, and begins the flows. */
  async open(): Promise<void> {
    const { pipeline } = this.run.instance;
    if (pipeline.admit !== undefined) await this.#admit(pipeline.admit);
    if (this.session.error !== undefined) return;
    this.#isOpen = true;
    // A direction without a hook begins when something is fed to it.
    for (const direction of directions) if (pipeline[direction].length > 0) this.#lane(direction);
  }

  feed(direction: Direction, chunks: Buffer | readonly Buffer[]): void {
    const lane = this.#lane(direction);
    if (Buffer.isBuffer(chunks)) lane?.source.play(chunks);
    else for (const chunk of chunks) lane?.source.play(chunk);
  }

  /** The number of bytes that have come out. */
  outputOf(direction: Direction): number {
    return this.#lanes[direction]?.sink.length ?? 0;
  }

  /** Keeps no reference to the data so far. */
  forgetData(direction: Direction): void {
    this.#lanes[direction]?.source.forget();
    this.#lanes[direction]?.sink.forget();
  }

  /** The last chunk that a hook was given. */
  lastChunkOf(direction: Direction): Buffer | undefined {
    return this.#lanes[direction]?.source.lastChunk;
  }

  /** Ends the input of a direction. */
  finish(direction: Direction): void {
    this.#lane(direction)?.source.play("end");
  }

  /** Swaps to the hooks of another instance, or to none, after everything that was fed before has been taken. */
  swap(next: BenchInstance | undefined): void {
    for (const direction of directions) {
      const lane = this.#lanes[direction];
      lane?.source.play(() => {
        try {
          lane.flow.swap(lane.flow.prepare(next?.pipeline[direction] ?? []));
        } catch (error) {
          this.session.fail(asFailure(error));
        }
      });
    }
  }

  /**
   * Waits a short time for some output. @returns how many bytes have come out, and whether everything that was fed has been taken; undefined when the
   * session has failed
   */
  async settledOutput(direction: Direction, bytes: number): Promise<{ readonly bytes: number; readonly isTaken: boolean } | undefined> {
    const lane = this.#lanes[direction];
    if (lane === undefined) return undefined;
    await settled(() => lane.sink.length >= bytes || this.session.error !== undefined, this.run.bench.clock, SHORT_MS);
    return this.session.error === undefined ? { bytes: lane.sink.length, isTaken: lane.source.isTaken } : undefined;
  }

  /** Waits until the output is complete, or the session has failed. */
  async outcome(direction: Direction): Promise<Outcome> {
    const lane = this.#lanes[direction];
    const isOver = (): boolean => lane?.sink.ended === true || this.session.error !== undefined;
    await settled(isOver, this.run.bench.clock, PATIENCE_MS);
    const end = this.session.error ?? (lane?.sink.ended === true ? "fin" : "open");
    if (lane === undefined) return { chunks: [], bytes: Buffer.alloc(0), end, foreign: undefined, reused: false, changed: false };
    // What is given back to a pool is often used again in the next turn.
    await nextTurn();
    const { source, sink } = lane;
    const { chunks, foreign } = sink;
    const fault = this.run.bench.bypasses === true ? undefined : this.session.fault;
    return { chunks, bytes: Buffer.concat(chunks), end, foreign, reused: sink.wasReused, changed: source.wasChanged, fault };
  }

  /** Ends the session. */
  end(): void {
    this.stop();
    this.session.end();
  }

  #lane(direction: Direction): Lane | undefined {
    const there = this.#lanes[direction];
    if (there !== undefined || !this.#isOpen || this.session.error !== undefined) return there;
    const { datagrams } = this.session;
    const source = new PlayedLeg(datagrams, this.lends);
    const sink = new KeptLeg(datagrams, this.lends);
    const flow = new Flow(source, sink, this.session, this.run.instance.pipeline[direction]);
    this.#lanes[direction] = { source, sink, flow };
    this.session[direction] = flow;
    if (this.session.error === undefined) flow.start();
    else this.stop();
    return this.#lanes[direction];
  }

  /** Stops its flows: the session has failed. */
  stop(): void {
    for (const direction of directions) this.#lanes[direction]?.flow.stop();
  }

  async #admit(admit: NonNullable<BenchInstance["pipeline"]["admit"]>): Promise<void> {
    let done = false;
    const finished = (error?: unknown): void => {
      if (!done && error !== undefined) this.session.fail(asFailure(error));
      done = true;
    };
    const subscription = admit(of(this.session), this.session).subscribe({
      next: () => {
        finished();
      },
      error: finished,
      complete: () => {
        finished(new SluiceError("SLUICE_CLIENT_REJECTED", "its admit hook completed without admitting the session"));
      },
    });
    const admitted = await settled(() => done, this.run.bench.clock, PATIENCE_MS);
    subscription.unsubscribe();
    if (!admitted) this.session.fail(new SluiceError("SLUICE_PLUGIN_FAILED", "its admit hook neither admitted nor rejected the session"));
  }
}

function asFailure(error: unknown): Failure {
  return SluiceError.is(error) ? error : new SluiceError("SLUICE_PLUGIN_FAILED", reasonOf(error), { cause: error });
}
