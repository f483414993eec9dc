import { expect } from "chai";
import { EMPTY, NEVER } from "rxjs";
import { SluiceError, type ChosenEndpoint } from "sluice";
import { UpstreamPool } from "../../../../../../plugins/http/upstream/pool/upstream-pool.ts";
import { Asking, poolLimits } from "../../fake-endpoint.ts";

/** A pool whose next choices have these names. */
function poolOf(limits: { waiting: number }, names: string[], done: (failed: boolean) => void = () => undefined): UpstreamPool {
  const choose = (): ChosenEndpoint => ({ name: names.shift() ?? "a:1", attempt: NEVER, answered: () => undefined, done });
  return new UpstreamPool({ choose, wait: () => EMPTY }, { ...poolLimits, connections: 1, ...limits });
}

describe("The pool of an upstream", () => {
  it("has the same connections for the same endpoint, as long as these are used", () => {
    const pool = poolOf({ waiting: 1 }, ["a:1", "b:1", "a:1", "b:1"]);
    const a = pool.choose("a").connections;
    a.ask(new Asking());
    const b = pool.choose("a").connections;
    b.ask(new Asking());
    expect(a).to.not.equal(b);
    expect(pool.choose("a").connections).to.equal(a);
    expect(pool.choose("a").connections).to.equal(b);
  });

  it("keeps nothing of an endpoint that is not used any more when there is another", () => {
    const pool = poolOf({ waiting: 1 }, ["a:1", "b:1", "a:1"]);
    const { connections } = pool.choose("a");
    const asking = new Asking();
    connections.ask(asking);
    connections.forget(asking);
    pool.choose("a");
    expect(pool.choose("a").connections).to.not.equal(connections);
  });

  it("lets no more wait than may, and is done at once with an endpoint that it cannot give", () => {
    const done: boolean[] = [];
    const pool = poolOf({ waiting: 2 }, [], (failed) => done.push(failed));
    for (let at = 0; at < 3; at += 1) pool.choose("a").connections.ask(new Asking());
    expect(() => pool.choose("a"))
      .to.throw(SluiceError)
      .with.property("code", "SLUICE_UPSTREAM_BUSY");
    expect(done).to.deep.equal([false]);
  });
});
