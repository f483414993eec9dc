import { CarriedState, type CarryPlace } from "../../flow/operators/carried-states.ts";
import type { Carry } from "../../flow/operators/carry-definition.ts";
import { placeInHook } from "../../flow/operators/carry-site.ts";
import type { Framing } from "./framing.ts";
import { Unfinished } from "./unfinished.ts";

/** The place of one `messages` in its hook, by which its unfinished frame is found again after a reload, as for every `carry` (ADR 0011). */
export class FramePlace {
  /** What `start` returned when the hook was called. */
  started: { state: unknown } | undefined = undefined;
  readonly #place: CarryPlace | undefined;

  constructor(private readonly framing: Framing<unknown>) {
    this.#place = placeInHook(this);
  }

  /** Each chunk is a whole datagram. */
  get datagrams(): boolean {
    return this.#place?.host.datagrams === true;
  }

  prepare(): void {
    if (this.#place !== undefined && this.#place.host.carried.get(this.#place.key) === undefined) this.started = { state: this.#start() };
  }

  /** The state of one flow or subscription. @param step handles a chunk */
  state(step: (unfinished: Unfinished, chunk: Buffer) => unknown): CarriedState {
    const carry: Carry<Unfinished> = {
      start: () => this.#start(),
      step: step as Carry<Unfinished>["step"],
      end: ({ rest }) => (rest.length === 0 ? null : rest),
      revive: (previous) => this.#revived(previous),
    };
    return new CarriedState(carry as Carry<unknown>, this, this.#place);
  }

  #start(): Unfinished {
    return new Unfinished(this.framing.scanner());
  }

  /** Only the bytes are taken over: the codec may have changed, and looks at them from the beginning. */
  #revived(previous: unknown): Unfinished {
    if (!(previous instanceof Unfinished)) throw new TypeError("the state is not one of messages()");
    return new Unfinished(this.framing.scanner(), previous.rest);
  }
}
