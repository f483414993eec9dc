import { expect } from "chai";
import type { LiveSession } from "../../../../core/runtime/session/live-session.ts";
import { SessionSet } from "../../../../core/runtime/session/session-set.ts";

const session = (id: number): LiveSession => ({ id, slot: -1 }) as LiveSession;
const idsOf = (set: SessionSet): number[] => [...set].map(({ id }) => id).toSorted((a, b) => a - b);

describe("the set of open sessions", () => {
  it("forgets any of its sessions, in any order, and no other", () => {
    const set = new SessionSet();
    const sessions = Array.from({ length: 6 }, (_, id) => session(id));
    for (const each of sessions) set.add(each);
    let left = [0, 1, 2, 3, 4, 5];
    for (const id of [0, 5, 2, 4, 1, 3]) {
      const gone = sessions[id];
      if (gone !== undefined) set.delete(gone);
      left = left.filter((each) => each !== id);
      expect(idsOf(set)).to.deep.equal(left);
      expect(set.size).to.equal(left.length);
    }
  });

  it("may lose sessions while they are gone through, and each is seen once", () => {
    const set = new SessionSet();
    for (let id = 0; id < 5; id += 1) set.add(session(id));
    const seen: number[] = [];
    for (const each of set) {
      seen.push(each.id);
      set.delete(each);
    }
    expect(seen).to.deep.equal([0, 1, 2, 3, 4]);
    expect(set.size).to.equal(0);
  });
});
