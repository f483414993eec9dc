import type { Observable } from "rxjs";
import { Chain, type Step } from "../../flow/chain/chain.ts";
import type { Emit, Run, Stateful } from "../../flow/chain/stateful.ts";
import { isPromise } from "../../flow/chain/is-promise.ts";
import type { CarriedState } from "../../flow/operators/carried-states.ts";
import { EachObservable } from "../../flow/operators/each.ts";
import { FramePlace } from "../framing/frame-state.ts";
import type { Framing } from "../framing/framing.ts";
import { messagesIn } from "./messages-in.ts";
import { MessageLoop } from "./message-loop.ts";

/** `messages` whose operator is made of `each` and `carry` alone: one stage of a chain. */
export class MessageStage<M> extends EachObservable {
  readonly #place: FramePlace;

  constructor(
    input: Observable<unknown>,
    private readonly framing: Framing<M>,
    private readonly steps: readonly Step[],
  ) {
    super(input, neverRun);
    this.#place = new FramePlace(framing);
  }

  override stateful(): Stateful {
    return new MessageState(this.framing, new Chain(this.steps), this.#place);
  }
}

/** Each flow and each subscription runs a state of its own. */
function neverRun(): never {
  throw new Error("messages run with a state");
}

/** The part that runs in one flow: the frames that come, and the stages that work on their messages. */
class MessageState<M> implements Stateful {
  readonly #frames: CarriedState;

  constructor(
    private readonly framing: Framing<M>,
    private readonly chain: Chain,
    place: FramePlace,
  ) {
    const { datagrams } = place;
    this.#frames = place.state((unfinished, chunk) => new MessageLoop({ framing, chain, datagrams }, unfinished, chunk).run());
  }

  get run(): Run {
    return this.#frames.run;
  }

  get bound(): unknown {
    return this.#frames.bound;
  }

  messagesIn(chunk: Buffer): readonly M[] {
    return messagesIn(this.framing, chunk);
  }

  waits(work: () => void): boolean {
    return this.#frames.waits(work);
  }

  begin(): void {
    this.#frames.begin();
    this.chain.begin();
  }

  /** What the stages hold came before the unfinished frame, so it goes first. */
  finish(emit: Emit): void | PromiseLike<void> {
    const held = this.chain.finish((message) => emit(this.framing.encode(message as M)));
    return isPromise(held) ? held.then(() => this.#frames.finish(emit)) : this.#frames.finish(emit);
  }

  abandon(): Buffer[] {
    const held = this.chain.abandon().map((message) => this.framing.encode(message as unknown as M));
    return [...held, ...this.#frames.abandon()];
  }

  discard(): void {
    this.chain.discard();
    this.#frames.discard();
  }
}
