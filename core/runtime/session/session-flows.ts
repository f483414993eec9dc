import type { Leg, SluiceError } from "../../contract/index.ts";
import { blameOf, faultOf } from "../../flow/chain/fault.ts";
import { Flow } from "../../flow/pump/flow.ts";
import type { FlowOwner } from "../../flow/pump/flow-owner.ts";
import type { NextOperators } from "../../flow/pump/next-operators.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";

/** A byte hook that threw when it was called for a swap, or when its Observable was subscribed to. */
export interface SwapFault {
  readonly plugin: string;
  readonly error: SluiceError;
}

/** The two flows between the legs of a session. */
export class SessionFlows {
  #fromClient: Flow | undefined;
  #fromUpstream: Flow | undefined;

  constructor(
    private readonly client: Leg,
    readonly upstream: Leg,
  ) {}

  /** Makes both flows, which calls the byte hooks. A hook that throws ends the session, through `owner`; its flow is made all the same. */
  make({ fromClient, fromUpstream }: Pipeline, owner: FlowOwner): void {
    this.#fromClient = new Flow(this.client, this.upstream, owner, fromClient);
    this.#fromUpstream = new Flow(this.upstream, this.client, owner, fromUpstream);
  }

  get fromClient(): Flow | undefined {
    return this.#fromClient;
  }

  get fromUpstream(): Flow | undefined {
    return this.#fromUpstream;
  }

  get both(): readonly Flow[] {
    return [this.#fromClient, this.#fromUpstream].filter((flow) => flow !== undefined);
  }

  get legs(): readonly Leg[] {
    return [this.client, this.upstream];
  }

  /** Operators that were swapped out still work, or operators of an ended source still flush. True also before both flows are made. */
  get working(): boolean {
    return this.#fromClient?.working !== false || this.#fromUpstream?.working === true;
  }

  start(): void {
    this.#fromUpstream?.start();
    this.#fromClient?.start();
  }

  stop(): void {
    this.#fromClient?.stop();
    this.#fromUpstream?.stop();
  }

  /**
   * Calls another pipeline's byte hooks for both flows, without using their result yet.
   *
   * @returns a function that swaps to them, or the fault of a hook that threw
   */
  prepareSwap(next: Pipeline): SwapFault | (() => void) {
    let fromClient: NextOperators | undefined;
    try {
      fromClient = this.#fromClient?.prepare(next.fromClient);
      const fromUpstream = this.#fromUpstream?.prepare(next.fromUpstream);
      return () => {
        this.#fromClient?.swap(fromClient);
        this.#fromUpstream?.swap(fromUpstream);
      };
    } catch (error) {
      fromClient?.drop();
      const plugin = blameOf(error) ?? "unknown";
      return { plugin, error: faultOf(plugin, error) };
    }
  }
}
