import { expect } from "chai";
import { Deadline } from "../../../../../plugins/http/message/deadline.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

describe("A deadline", () => {
  let clock: FakeClock;
  let expired: number;
  let deadline: Deadline;
  beforeEach(() => {
    clock = new FakeClock();
    expired = 0;
    deadline = new Deadline({ expired: () => void (expired += 1) });
  });
  afterEach(() => clock.restore());

  it("expires once, at its moment", () => {
    deadline.set(100);
    clock.pass(99);
    expect([expired, deadline.isSet]).to.deep.equal([0, true]);
    clock.pass(1);
    expect([expired, deadline.isSet]).to.deep.equal([1, false]);
    clock.pass(1_000);
    expect(expired).to.equal(1);
  });

  it("moves back and forth with one timer", () => {
    deadline.set(100);
    for (let times = 0; times < 50; times += 1) {
      clock.pass(50);
      deadline.set(100);
      expect(clock.waiting).to.equal(1);
    }
    deadline.set(10);
    clock.pass(10);
    expect(expired).to.equal(1);
  });

  it("is none with 0, and may be set again", () => {
    deadline.set(100);
    deadline.set(0);
    clock.pass(1_000);
    expect(expired).to.equal(0);
    deadline.set(100);
    clock.pass(100);
    expect(expired).to.equal(1);
  });

  it("may be further away than any timer", () => {
    deadline.set(2 ** 31 + 10);
    clock.pass(100);
    expect(clock.started).to.equal(1);
    clock.pass(2 ** 31 - 91);
    expect(expired).to.equal(0);
    clock.pass(1);
    expect([expired, clock.started]).to.deep.equal([1, 2]);
  });

  it("leaves no timer once it is stopped", () => {
    deadline.set(100);
    deadline.stop();
    expect(clock.waiting).to.equal(0);
    clock.pass(1_000);
    expect(expired).to.equal(0);
  });

  it("may be set again in the call in which it expires", () => {
    const again: Deadline = new Deadline({
      expired: () => {
        expired += 1;
        if (expired < 3) again.set(10);
      },
    });
    again.set(10);
    clock.pass(100);
    expect([expired, clock.waiting]).to.deep.equal([3, 0]);
  });
});
