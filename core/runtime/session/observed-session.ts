import type { FlowTap, Leg, Session, Timeline } from "../../contract/index.ts";
import type { LivePipeline } from "../version/live-pipeline.ts";
import { ClientSide } from "./client-side.ts";

/** A session as far as others look on: what happened to it, and when its first chunks come. */
export abstract class ObservedSession extends ClientSide {
  /** What happened to it, where somebody may look at that. */
  timeline: Timeline | undefined;
  /** Told before the first chunk of each direction passes. */
  onFirstChunk: ((direction: "fromClient" | "fromUpstream") => void) | undefined;

  abstract override readonly owner: ClientSide["owner"] & {
    warning(message: string): void;
    dropped(chunks: number, what?: "inject"): void;
  };

  abstract readonly pipeline: LivePipeline;
  abstract readonly session: Session;

  /** Undefined before its upstream leg is open. */
  abstract flow(direction: "fromClient" | "fromUpstream"): { readonly swapping: boolean } | undefined;

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
    return taps.of(this.session, source === this.accepted.leg ? "fromClient" : "fromUpstream", pipeline);
  }

  flowWarning(message: string): void {
    this.owner.warning(message);
  }

  flowDropped(chunks: number, what?: "inject"): void {
    this.owner.dropped(chunks, what);
  }
}
