import { expect } from "chai";
import { NEVER } from "rxjs";
import { SluiceError, type ChosenEndpoint } from "sluice";
import type { Waiting } from "../../../../plugins/http/endpoint-connections.ts";
import { UpstreamPool } from "../../../../plugins/http/upstream-pool.ts";

/** A pool whose next choices have these names. */
function poolOf(limits: { waiting: number }, names: string[], done: (failed: boolean) => void = () => undefined): UpstreamPool {
  const choose = (): ChosenEndpoint => ({ name: names.shift() ?? "a:1", attempt: NEVER, done });
  return new UpstreamPool({ choose }, { connections: 1, idleConnections: 1, idleConnection: 1000, ...limits });
}

function waits(): Waiting {
  const nothing = (): void => undefined;
  return { method: "GET", begun: nothing, hinted: nothing, answered: nothing, failed: nothing };
}

describe("The pool of an upstream", () => {
  it("has the same connections for the same endpoint, as long as these are used", () => {
    const pool = poolOf({ waiting: 1 }, ["a:1", "b:1", "a:1", "b:1"]);
    const a = pool.choose().connections;
    a.ask(waits());
    const b = pool.choose().connections;
    b.ask(waits());
    expect(a).to.not.equal(b);
    expect(pool.choose().connections).to.equal(a);
    expect(pool.choose().connections).to.equal(b);
  });

  it("keeps nothing of an endpoint that is not used any more when there is another", () => {
    const pool = poolOf({ waiting: 1 }, ["a:1", "b:1", "a:1"]);
    const { connections } = pool.choose();
    const asking = waits();
    connections.ask(asking);
    connections.forget(asking);
    pool.choose();
    expect(pool.choose().connections).to.not.equal(connections);
  });

  it("lets no more wait than may, and is done at once with an endpoint that it cannot give", () => {
    const done: boolean[] = [];
    const pool = poolOf({ waiting: 2 }, [], (failed) => done.push(failed));
    for (let at = 0; at < 3; at += 1) pool.choose().connections.ask(waits());
    expect(() => pool.choose())
      .to.throw(SluiceError)
      .with.property("code", "SLUICE_UPSTREAM_BUSY");
    expect(done).to.deep.equal([false]);
  });
});
