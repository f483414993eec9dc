import { array, assert as assertAlways, constantFrom, nat, property, tuple } from "fast-check";
import { expect } from "chai";
import { Readable } from "node:stream";
import { FakeLeg } from "../../../../../support/fake-leg.ts";
import { Asking, FakeEndpoint, refused } from "../../fake-endpoint.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What may happen to an endpoint: by a name, and which of those that it may happen to. */
class World {
  readonly asked: Asking[] = [];
  readonly #given = new Set<Asking>();

  constructor(private readonly endpoint: FakeEndpoint) {}

  ask(): void {
    this.asked.push(this.endpoint.asks());
  }

  open(which: number): void {
    pick([...this.endpoint.dials], which, (subscriber) => {
      const leg = new FakeLeg();
      this.endpoint.legs.push(leg);
      subscriber.next({ endpoint: "a:1", leg });
    });
  }

  refuse(which: number): void {
    pick([...this.endpoint.dials], which, (subscriber) => subscriber.error(refused));
  }

  answer(which: number): void {
    this.#says(which, ok);
  }

  part(which: number): void {
    this.#says(which, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\npart");
  }

  close(which: number): void {
    this.#says(which, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  }

  fin(which: number): void {
    pick(this.endpoint.openLegs, which, (leg) => leg.finishes());
  }

  rst(which: number): void {
    pick(this.endpoint.openLegs, which, (leg) => leg.fails(refused));
  }

  abort(which: number): void {
    const left = this.asked.filter((asking) => asking.told.length === 0 && !this.#given.has(asking));
    pick(left, which, (asking) => {
      this.#given.add(asking);
      if (asking.connection === undefined) this.endpoint.connections.forget(asking);
      else asking.connection.abandon(asking);
    });
  }

  leave(which: number): void {
    pick(
      this.asked.filter(({ body }) => body instanceof Readable),
      which,
      ({ body }) => (body as Readable).destroy(),
    );
  }

  drop(): void {
    this.endpoint.connections.dropIdle();
  }

  /** Until nothing is left. */
  breakAll(): void {
    while (this.endpoint.open + this.endpoint.dials.size > 0) {
      this.open(0);
      this.rst(0);
    }
  }

  #says(which: number, text: string): void {
    pick(this.endpoint.openLegs, which, (leg) => leg.says(text));
  }
}

function pick<T>(all: readonly T[], which: number, use: (one: T) => void): void {
  const one = all[which % all.length];
  if (one !== undefined) use(one);
}

describe("The connections to an endpoint", () => {
  for (const [what, early, told] of [
    ["speaks before it was asked", (leg: FakeLeg) => void leg.says("220 mail.test\r\n"), "SLUICE_UPSTREAM_PROTOCOL"],
    ["hangs up at once", (leg: FakeLeg) => leg.finishes(), "SLUICE_UPSTREAM_RESET"],
    ["is gone at once", (leg: FakeLeg) => leg.fails(refused), "SLUICE_UPSTREAM_REFUSED"],
  ] as const) {
    it(`fail a request whose upstream ${what}, and serve the next`, () => {
      const endpoint = new FakeEndpoint({ connections: 1 });
      const [first, second] = [endpoint.asks(), endpoint.asks()];
      endpoint.opens(new FakeLeg(early));
      expect(first.told).to.deep.equal([told]);
      endpoint.opens().says(ok);
      expect(second.told).to.deep.equal([200]);
      expect(endpoint.open).to.equal(1);
    });
  }

  it("are opened up to the limit, and free ones go to who has waited longest", () => {
    const endpoint = new FakeEndpoint({ connections: 2 });
    const [first, second, third, fourth] = [endpoint.asks(), endpoint.asks(), endpoint.asks(), endpoint.asks()];
    expect([endpoint.dials.size, endpoint.connections.waiting]).to.deep.equal([2, 2]);
    const [one, two] = [endpoint.opens(), endpoint.opens()];
    one.says(ok);
    one.says(ok);
    expect([first.told, second.told, third.told]).to.deep.equal([[200], [], [200]]);
    two.says(ok);
    expect(fourth.told).to.deep.equal([]);
    one.says(ok);
    expect([second.told, fourth.told, endpoint.open]).to.deep.equal([[200], [200], 2]);
  });

  it("may be asked again as soon as they have answered", () => {
    const endpoint = new FakeEndpoint({ connections: 1 });
    const second = new Asking();
    endpoint.asks(() => endpoint.connections.ask(second));
    const leg = endpoint.opens();
    leg.says(ok);
    leg.says(ok);
    expect([second.told, endpoint.legs.length]).to.deep.equal([[200], 1]);
  });

  it("are dialled once more for what waits when one is given up, fails, or breaks", () => {
    const endpoint = new FakeEndpoint({ connections: 1 });
    const [given, failing, broken, last] = [endpoint.asks(), endpoint.asks(), endpoint.asks(), endpoint.asks()];
    endpoint.connections.forget(given);
    endpoint.refuses();
    const leg = endpoint.opens();
    leg.says("HTTP/1.1 200 OK\r\n");
    leg.finishes();
    endpoint.opens().says(ok);
    expect([given.told, failing.told, broken.told, last.told]).to.deep.equal([
      [],
      ["SLUICE_UPSTREAM_REFUSED"],
      ["SLUICE_UPSTREAM_RESET"],
      [200],
    ]);
    expect(endpoint.open).to.equal(1);
  });

  it("that cannot be dialled fail all that waits, however much", () => {
    const endpoint = new FakeEndpoint({ connections: 1 });
    const waiting = Array.from({ length: 2_000 }, () => endpoint.asks());
    endpoint.atOnce((subscriber) => subscriber.error(refused));
    endpoint.refuses();
    expect(waiting.filter(({ told }) => told.join() !== "SLUICE_UPSTREAM_REFUSED")).to.deep.equal([]);
    endpoint.atOnce(undefined);
    const next = endpoint.asks();
    endpoint.opens().says(ok);
    expect(next.told).to.deep.equal([200]);
  });

  it("that open at once, or complete without a leg, count as any", () => {
    const endpoint = new FakeEndpoint({ connections: 1 });
    endpoint.atOnce((subscriber) => subscriber.complete());
    expect(endpoint.asks().told).to.deep.equal(["SLUICE_UPSTREAM_MISSING"]);
    endpoint.atOnce((subscriber) => subscriber.next({ endpoint: "a:1", leg: new FakeLeg((leg) => leg.says(ok)) }));
    expect(endpoint.asks().told).to.deep.equal([200]);
    expect(endpoint.connections.waiting).to.equal(0);
  });

  it("are kept while nothing uses them, but no more than may be, and none once they retire", () => {
    const endpoint = new FakeEndpoint({ connections: 3, idleConnections: 1 });
    for (const asking of [endpoint.asks(), endpoint.asks(), endpoint.asks()]) expect(asking.told).to.deep.equal([]);
    const [one, two, three] = [endpoint.opens(), endpoint.opens(), endpoint.opens()];
    one.says(ok);
    two.says(ok);
    expect([one.fate, two.fate]).to.deep.equal(["open", "destroyed"]);
    endpoint.connections.retire();
    expect([one.fate, three.fate]).to.deep.equal(["destroyed", "open"]);
    three.says(ok);
    expect(three.fate).to.equal("destroyed");
  });

  it("are not hurt by dropping those that nothing uses", () => {
    const endpoint = new FakeEndpoint({ connections: 3 });
    const [first, , third] = [endpoint.asks(), endpoint.asks(), endpoint.asks()];
    const [one, two] = [endpoint.opens(), endpoint.opens()];
    two.says(ok);
    endpoint.connections.dropIdle();
    expect([one.fate, two.fate]).to.deep.equal(["open", "destroyed"]);
    one.says(ok);
    endpoint.opens().says(ok);
    expect([first.told, third.told]).to.deep.equal([[200], [200]]);
  });

  it("are used for nothing else once there is another way, and are dialled that way for what waits", () => {
    const endpoint = new FakeEndpoint({ connections: 2 });
    const [first, , third] = [endpoint.asks(), endpoint.asks(), endpoint.asks()];
    const [one, two] = [endpoint.opens(), endpoint.opens()];
    endpoint.changes();
    expect([one.fate, two.fate]).to.deep.equal(["open", "open"]);
    one.says(ok);
    expect([first.told, one.fate, endpoint.dials.size]).to.deep.equal([[200], "destroyed", 1]);
    const three = endpoint.opens();
    three.says(ok);
    expect(third.told).to.deep.equal([200]);
    endpoint.changes();
    expect([two.fate, three.fate]).to.deep.equal(["open", "destroyed"]);
  });

  it("break when a response comes without a request", () => {
    const endpoint = new FakeEndpoint({ connections: 1 });
    endpoint.asks();
    const leg = endpoint.opens();
    leg.says(ok);
    leg.says(ok);
    expect(leg.fate).to.equal("reset");
    const next = endpoint.asks();
    endpoint.opens().says(ok);
    expect(next.told).to.deep.equal([200]);
  });

  it("are counted exactly, whatever happens to them and in whatever order", () => {
    const step = tuple(
      constantFrom("ask", "ask", "open", "refuse", "answer", "part", "close", "fin", "rst", "abort", "leave", "drop"),
      nat(20),
    );
    assertAlways(
      property(array(step, { maxLength: 60 }), (steps) => {
        const endpoint = new FakeEndpoint({ connections: 3, idleConnections: 2 });
        const world = new World(endpoint);
        for (const [what, which] of steps) {
          world[what](which);
          expect(endpoint.open + endpoint.dials.size).to.be.at.most(3);
        }
        world.breakAll();
        const last = [endpoint.asks(), endpoint.asks(), endpoint.asks(), endpoint.asks()];
        expect([endpoint.dials.size, endpoint.connections.waiting]).to.deep.equal([3, 1]);
        for (const leg of [endpoint.opens(), endpoint.opens(), endpoint.opens()]) leg.says(ok);
        for (const leg of endpoint.openLegs) leg.says(ok);
        for (const { told } of last) expect(told).to.deep.equal([200]);
        for (const { told } of world.asked) expect(told.length).to.be.at.most(1);
      }),
      { numRuns: 300 },
    );
  });
});
