import {
  type Direction,
  type FlowTap,
  type Leg,
  type Session,
  type SluiceError,
  type TappedWire,
  Timeline,
  type WireTap,
} from "../../contract/index.ts";
import type { AttachedWatchers } from "../version/attached-plugins.ts";
import type { ListenerVersion } from "../version/listener-version.ts";
import type { LivePipeline } from "../version/live-pipeline.ts";
import { canLendHandles } from "../../net/node/lent-handle-trial.ts";
import type { Relay } from "../../net/relay/relay.ts";
import type { RelayWay } from "../../net/relay/relay-way.ts";
import { ClientSide } from "./client-side.ts";
import { SessionTaps } from "./session-taps.ts";
import { wireTapOf } from "./wire-taps.ts";

/** A flow, as observers see it. */
interface ObservedFlow {
  readonly swapping: boolean;
  readonly over: boolean;
  readonly sourceIsOver: boolean;
  readonly chunks: number;
  tap: Required<FlowTap> | null | undefined;
}

/** The part of a session for observers: its timeline, its taps and its first chunks. */
export abstract class ObservedSession extends ClientSide {
  abstract override readonly owner: ClientSide["owner"] & {
    warning(message: string): void;
    dropped(chunks: number, what?: "inject" | "relay"): void;
    readonly attached: AttachedWatchers;
    readonly idleTimeout: number;
    readonly halfClosedTimeout: number | undefined;
  };

  abstract readonly version: ListenerVersion;
  abstract readonly datagrams: boolean;
  abstract readonly pipeline: LivePipeline;
  abstract readonly session: Session;

  /** Undefined before its upstream leg is open. */
  abstract flow(direction: Direction): ObservedFlow | undefined;

  /** Carries datagrams outside its legs. */
  relay: Relay | undefined;
  /** Its events, kept if somebody may look at them. */
  timeline: Timeline | undefined;
  /** Called before the first chunk of each direction passes. */
  onFirstChunk: ((direction: Direction) => void) | undefined;
  #taps: SessionTaps | undefined;

  /** Keeps a timeline from now on. */
  keepTimeline(): void {
    this.timeline ??= new Timeline();
  }

  /** Keeps no timeline any more, unless a plugin follows it. */
  dropTimeline(): void {
    if (this.timeline?.follower === undefined) this.timeline = undefined;
  }

  /** The session has moved to another pipeline: followers of that pipeline begin, and those of the previous one end. */
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

  /** Its admit hooks are those of the version that accepted it, also after a reload. */
  get allowsPlain(): boolean {
    return this.version.pipeline.pipeline.allowsPlain;
  }

  /** How the datagrams of its relay are sent. */
  get relayWay(): RelayWay {
    return this.pipeline.upstreams.dialers.relayWay;
  }

  /** Operators that were swapped out still work, so a failure now may be theirs. */
  get isSwapping(): boolean {
    return this.flow("fromClient")?.swapping === true || this.flow("fromUpstream")?.swapping === true;
  }

  /** For the idle sweep: the number of all chunks that ever arrived. */
  get activity(): number {
    return (this.flow("fromClient")?.chunks ?? 0) + (this.flow("fromUpstream")?.chunks ?? 0) + (this.relay?.chunks ?? 0);
  }

  /** Milliseconds without a byte after which it ends. */
  get idleTimeout(): number {
    const { idleTimeout, halfClosedTimeout = Infinity } = this.owner;
    return halfClosedTimeout < idleTimeout && this.#isHalfClosed ? halfClosedTimeout : idleTimeout;
  }

  /** One side has finished, and the other side is not waited for: a client of datagrams finishes only when it has all its replies. */
  protected get endsNow(): boolean {
    if (!this.#isHalfClosed) return false;
    return this.datagrams ? this.flow("fromClient")?.sourceIsOver === true : this.owner.halfClosedTimeout === 0;
  }

  get #isHalfClosed(): boolean {
    const [out, back] = [this.flow("fromClient"), this.flow("fromUpstream")];
    return out !== undefined && back !== undefined && out.over !== back.over;
  }

  flowBegan(flow: object): void {
    const outwards = flow === this.flow("fromClient");
    this.onFirstChunk?.(outwards ? "fromClient" : "fromUpstream");
    this.timeline?.mark(outwards ? "first-byte-from-client" : "first-byte-from-upstream");
  }

  tapOf(source: Leg): Required<FlowTap> | null {
    const { taps, pipeline } = this.pipeline;
    const { attached } = this.owner;
    if (taps.watchers.length === 0 && attached.flows.length === 0) {
      this.#taps = undefined;
      return null;
    }
    this.#taps ??= new SessionTaps();
    const direction = source === this.accepted.leg ? "fromClient" : "fromUpstream";
    const flow = { session: this.session, direction, plugins: pipeline[direction].map(({ plugin }) => plugin) } as const;
    return this.#taps.of(flow, pipeline, [...taps.watchers, ...attached.flows]);
  }

  /** Who watches below the TLS of its client. */
  protected get clientWire(): Required<WireTap> | undefined {
    return this.#wire("client", undefined);
  }

  get upstreamWire(): ((endpoint: string) => Required<WireTap> | undefined) | undefined {
    const { pipeline, owner } = this;
    if (pipeline.taps.wires.length === 0 && owner.attached.wires.length === 0) return undefined;
    return (endpoint) => this.#wire("upstream", endpoint);
  }

  #wire(leg: TappedWire["leg"], endpoint: string | undefined): Required<WireTap> | undefined {
    const watchers = [...this.pipeline.taps.wires, ...this.owner.attached.wires];
    if (watchers.length === 0) return undefined;
    if (canLendHandles()) return wireTapOf({ session: this.session, leg, endpoint }, watchers);
    this.owner.warning(`Node ${process.version} does not let anybody watch below TLS: captures have its plain text, without secrets`);
    return undefined;
  }

  /** Its watchers may have changed: its flows ask for them again. */
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
