import { Timeline, type FlowTap, type Leg, type Session, type SluiceError } from "../../contract/index.ts";
import type { LivePipeline } from "../version/live-pipeline.ts";
import type { TapWatcher } from "../version/pipeline-taps.ts";
import type { Relay } from "../../net/relay/relay.ts";
import type { RelayWay } from "../../net/relay/relay-way.ts";
import { ClientSide } from "./client-side.ts";
import { SessionTaps } from "./session-taps.ts";

/** A flow as far as it is looked on. */
interface ObservedFlow {
  readonly swapping: boolean;
  tap: Required<FlowTap> | null | undefined;
}

/** A session as far as others look on: what happened to it, and when its first chunks come. */
export abstract class ObservedSession extends ClientSide {
  /** What happened to it, where somebody may look at that. */
  timeline: Timeline | undefined;
  /** Told before the first chunk of each direction passes. */
  onFirstChunk: ((direction: "fromClient" | "fromUpstream") => void) | undefined;
  #taps: SessionTaps | undefined;

  /** Somebody looks at what happens to it from now on. */
  keepTimeline(): void {
    this.timeline ??= new Timeline();
  }

  /** Nobody looks any more, unless a plugin does. */
  dropTimeline(): void {
    if (this.timeline?.follower === undefined) this.timeline = undefined;
  }

  /** It has come to another pipeline: the plugins that follow it there begin, and those that did before leave. */
  followTimeline(): void {
    const next = this.pipeline.timelines.of(this.session);
    const before = this.timeline?.follower;
    if (next !== undefined) this.keepTimeline();
    if (this.timeline !== undefined) this.timeline.follower = next;
    before?.left();
  }

  protected markEnd(error: SluiceError | undefined): void {
    this.timeline?.mark("ended", { reason: error?.code ?? "closed", ...(error === undefined ? {} : { message: error.detail }) });
  }

  abstract override readonly owner: ClientSide["owner"] & {
    warning(message: string): void;
    dropped(chunks: number, what?: "inject" | "relay"): void;
    readonly attached: readonly TapWatcher[];
  };
  /** For datagrams beside its legs. */
  relay: Relay | undefined;

  abstract readonly pipeline: LivePipeline;
  abstract readonly session: Session;

  /** Undefined before its upstream leg is open. */
  abstract flow(direction: "fromClient" | "fromUpstream"): ObservedFlow | undefined;

  /** How the datagrams of its relay are sent. */
  get relayWay(): RelayWay {
    return this.pipeline.upstreams.dialers.relayWay;
  }

  /** Operators that were swapped out are still at work: what fails now may be theirs. */
  get isSwapping(): boolean {
    return this.flow("fromClient")?.swapping === true || this.flow("fromUpstream")?.swapping === true;
  }

  flowBegan(flow: object): void {
    const outwards = flow === this.flow("fromClient");
    this.onFirstChunk?.(outwards ? "fromClient" : "fromUpstream");
    this.timeline?.mark(outwards ? "first-byte-from-client" : "first-byte-from-upstream");
  }

  tapOf(source: Leg): Required<FlowTap> | null {
    const { taps, pipeline } = this.pipeline;
    const { attached } = this.owner;
    if (taps.watchers.length === 0 && attached.length === 0) {
      this.#taps = undefined;
      return null;
    }
    this.#taps ??= new SessionTaps();
    const direction = source === this.accepted.leg ? "fromClient" : "fromUpstream";
    const flow = { session: this.session, direction, plugins: pipeline[direction].map(({ plugin }) => plugin) } as const;
    return this.#taps.of(flow, pipeline, [...taps.watchers, ...attached]);
  }

  /** Somebody else may watch it from now on: its flows ask again. */
  watchersChanged(): void {
    for (const flow of [this.flow("fromClient"), this.flow("fromUpstream")]) if (flow !== undefined) flow.tap = undefined;
  }

  flowWarning(message: string): void {
    this.owner.warning(message);
  }

  flowDropped(chunks: number, what?: "inject"): void {
    this.owner.dropped(chunks, what);
  }
}
