import { expect } from "chai";
import type { Endpoint, SessionFacts } from "sluice";
import { ClientAttempts } from "../../../../core/net/balance/client-attempts.ts";

const endpoint = (text: string): Endpoint => ({ text }) as Endpoint;
const session = (id: number): SessionFacts => ({ id }) as unknown as SessionFacts;

describe("The attempts at endpoints that are told the client", () => {
  it("are one for each session and endpoint, so that a session finds its kept connections again", () => {
    const dialled: unknown[] = [];
    const attempts = new ClientAttempts((...given) => void dialled.push(given.slice(0, 2)));
    const [near, far] = [endpoint("near"), endpoint("far")];
    const [one, other] = [session(1), session(2)];
    const first = attempts.to(near, one);
    expect(attempts.to(near, one)).to.equal(first);
    for (const another of [attempts.to(far, one), attempts.to(near, other)]) expect(another).to.not.equal(first);
    first.subscribe();
    attempts.to(far, other).subscribe();
    expect(dialled).to.deep.equal([
      [near, one],
      [far, other],
    ]);
  });
});
