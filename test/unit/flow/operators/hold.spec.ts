import { expect } from "chai";
import { hold, holdingThrough } from "../../../../core/flow/operators/hold.ts";
import type { HoldTarget } from "../../../../core/flow/operators/hold.ts";

/** A flow that notes what holds do to it. */
function target(): HoldTarget & { bytes: number; tight: number; turns: number } {
  const state = {
    swapping: false,
    bytes: 0,
    tight: 0,
    turns: 0,
    held(bytes: number, tight: number) {
      state.bytes += bytes;
      state.tight += tight;
    },
    onHurry: () => undefined,
    turn(emit: () => void) {
      state.turns += 1;
      emit();
    },
    offer(_bytes: number, emit: () => void) {
      state.turn(emit);
      return true;
    },
  };
  return state;
}

describe("hold", () => {
  it("pauses its flow while more than its patience is held", () => {
    const flow = target();
    const grip = holdingThrough(flow, () => hold(10));
    grip.acquire(10);
    expect([flow.bytes, flow.tight]).to.deep.equal([10, 0]);
    grip.acquire(1);
    expect([flow.bytes, flow.tight]).to.deep.equal([11, 1]);
    grip.release(5, () => undefined);
    expect([flow.bytes, flow.tight]).to.deep.equal([6, 0]);
    grip.release(6, () => undefined);
    expect([flow.bytes, flow.tight]).to.deep.equal([0, 0]);
  });

  it("emits in a turn of its flow, before the bytes are let go", () => {
    const flow = target();
    const grip = holdingThrough(flow, () => hold());
    grip.acquire(3);
    let seen: number[] = [];
    grip.release(3, () => (seen = [flow.turns, flow.bytes]));
    expect(seen).to.deep.equal([1, 3]);
  });

  it("belongs to the innermost flow, and outside of any does nothing but emit", () => {
    const [outer, inner] = [target(), target()];
    holdingThrough(outer, () => holdingThrough(inner, () => hold().acquire(1)));
    expect([outer.bytes, inner.bytes]).to.deep.equal([0, 1]);
    let emitted = false;
    const nowhere = hold();
    nowhere.acquire(1);
    nowhere.release(1, () => (emitted = true));
    expect([emitted, nowhere.swapping]).to.deep.equal([true, false]);
  });
});
