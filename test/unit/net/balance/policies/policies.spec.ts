import { expect } from "chai";
import { VirtualTimeScheduler } from "rxjs";
import { SluiceError, socketAddress, type Balance, type Endpoint, type HashKey, type Session } from "../../../../../core/contract/index.ts";
import { createBalancer, type Balancer, type BalancerOptions } from "../../../../../core/net/balance/balancer.ts";

const none: ReadonlySet<Endpoint> = new Set();
const endpointsOf = (weights: readonly number[], more: Partial<Endpoint> = {}): readonly Endpoint[] =>
  weights.map((weight, at) => ({ host: "10.0.0.1", port: at + 1, text: `10.0.0.1:${at + 1}`, weight, ...more }));
const make = (balance: Balance, endpoints: readonly Endpoint[], options: BalancerOptions & { readonly hash?: HashKey } = {}): Balancer =>
  createBalancer({ endpoints, balance, tls: undefined, hash: options.hash }, { clock: new VirtualTimeScheduler(), ...options });
const from = (address: string, serverName?: string): Session =>
  ({ client: socketAddress(address, 5_000, "IPv4"), tls: { serverName, alpn: [] } }) as unknown as Session;
const client = (at: number): Session => from(`10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`);
const take = (balancer: Balancer, count: number): string => Array.from({ length: count }, () => balancer.next(none).port).join("");
const counts = (chosen: Iterable<Endpoint>): number[] => {
  const found: number[] = [];
  for (const { port } of chosen) found[port - 1] = (found[port - 1] ?? 0) + 1;
  return found;
};
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return SluiceError.is(error) ? `${error.code} ${error.detail}` : String(error);
  }
  return "nothing";
};

/** A generator with a seed, so that a failure can be seen again. */
function chance(seed = Date.now() % 2 ** 31): () => number {
  process.stdout.write(`      seed ${seed}\n`);
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}

describe("balancing with weights", () => {
  it("takes smooth turns, as nginx does", () => {
    expect(take(make("round-robin", endpointsOf([5, 1, 1])), 14)).to.equal("11213111121311");
    expect(take(make("round-robin", endpointsOf([1, 2, 3])), 12)).to.equal("321323321323");
    expect(take(make("round-robin", endpointsOf([7, 7])), 4)).to.equal("1212");
  });

  it("goes on with the turn, and holds the weights, when one is left out or comes back", () => {
    const endpoints = endpointsOf([2, 1, 1]);
    const balancer = make("round-robin", endpoints);
    const [one] = endpoints;
    const without = Array.from({ length: 100 }, () => balancer.next(new Set(one === undefined ? [] : [one])));
    expect(counts(without)).to.deep.equal([undefined, 50, 50]);
    expect(counts(Array.from({ length: 100 }, () => balancer.next(none)))).to.deep.equal([50, 25, 25]);
  });

  it("goes on after a reload behind the endpoint that was chosen last", () => {
    const before = make("round-robin", endpointsOf([1, 1, 1]));
    expect(take(before, 2)).to.equal("12");
    expect(take(make("round-robin", endpointsOf([1, 1, 1]), { before }), 3)).to.equal("312");
  });

  it("gives none to an endpoint that weighs nothing", () => {
    for (const balance of ["round-robin", "random", "random-two", "least-connections", "hash"] as const) {
      const balancer = make(balance, endpointsOf([1, 0, 2]));
      const chosen = Array.from({ length: 90 }, (_, at) => balancer.next(none, client(at)));
      expect(counts(chosen)[1], balance).to.equal(undefined);
    }
  });

  it("draws by chance in the proportion of the weights", () => {
    const random = chance();
    for (const balance of ["random", "random-two"] as const) {
      const balancer = make(balance, endpointsOf([1, 3]), { random });
      const [first = 0] = counts(Array.from({ length: 8_000 }, () => balancer.next(none)));
      // random-two compares loads, and there are none: so it is a draw like the other.
      expect(first / 8_000, balance).to.be.within(0.22, 0.28);
    }
  });

  it("takes the less loaded of two different draws with random-two", () => {
    for (const weight of [1, 3, 0.3]) {
      const endpoints = endpointsOf([weight, 1]);
      const balancer = make("random-two", endpoints, { random: chance() });
      for (let opened = 0; opened < 4; opened += 1) balancer.opened(endpoints[1] as Endpoint);
      expect(take(balancer, 50), String(weight)).to.equal("1".repeat(50));
    }
  });

  it("fills endpoints in the proportion of the weights with least-connections", () => {
    const balancer = make("least-connections", endpointsOf([3, 1]));
    const open = (): Endpoint => {
      const chosen = balancer.next(none);
      balancer.opened(chosen);
      return chosen;
    };
    expect(counts(Array.from({ length: 40 }, open))).to.deep.equal([30, 10]);
  });

  it("holds the weights with least-connections when each session ends before the next", () => {
    const balancer = make("least-connections", endpointsOf([3, 1]));
    const chosen = Array.from({ length: 40 }, () => {
      const endpoint = balancer.next(none);
      balancer.opened(endpoint);
      balancer.closed(endpoint);
      return endpoint;
    });
    expect(counts(chosen)).to.deep.equal([30, 10]);
  });

  it("finds the least loaded of many whatever happens to them, as looking at each does", () => {
    const random = chance();
    const endpoints = endpointsOf(Array.from({ length: 200 }, (_, at) => (at % 5) + 1));
    const balancer = make("least-connections", endpoints);
    const active = endpoints.map(() => 0);
    const load = (at: number): number => (active[at] ?? 0) / (endpoints[at]?.weight ?? 1);
    for (let step = 0; step < 5_000; step += 1) {
      const at = Math.floor(random() * endpoints.length);
      const endpoint = endpoints[at] as Endpoint;
      if ((active[at] ?? 0) > 0 && random() < 0.5) {
        balancer.closed(endpoint);
        active[at] = (active[at] ?? 0) - 1;
      } else {
        balancer.opened(endpoint);
        active[at] = (active[at] ?? 0) + 1;
      }
      // Also after more changes than are remembered.
      if (step % 3 !== 0 && step > 1_500) continue;
      const least = Math.min(...endpoints.map((_, index) => load(index)));
      if (step % 7 === 0) expect(load(balancer.next(none).port - 1)).to.equal(least);
    }
  });
});

describe("balancing by a hash", () => {
  it("sends a client to the same endpoint, whatever its port, also after a reload", () => {
    const [before, after] = [make("hash", endpointsOf([1, 1, 1])), make("hash", endpointsOf([1, 1, 1]))];
    for (let at = 0; at < 100; at += 1) expect(before.next(none, client(at)).port).to.equal(after.next(none, client(at)).port);
  });

  it("moves only the keys of an endpoint that is lost, down or removed, and spreads them evenly", () => {
    const endpoints = endpointsOf(Array.from({ length: 10 }, () => 1));
    const all = make("hash", endpoints);
    const fewer = make("hash", endpoints.slice(1));
    const homes = Array.from({ length: 10_000 }, (_, at) => all.next(none, client(at)));
    for (let time = 0; time < 5; time += 1) all.failed(endpoints[0] as Endpoint, "SLUICE_UPSTREAM_REFUSED");
    const moved: Endpoint[] = [];
    for (const [at, home] of homes.entries()) {
      const [now, then] = [all.next(none, client(at)), fewer.next(none, client(at))];
      expect(now.port).to.equal(then.port);
      if (home !== endpoints[0]) expect(now).to.equal(home);
      else moved.push(now);
    }
    expect(moved.length).to.be.within(700, 1_300);
    for (const count of counts(moved).slice(1)) expect(count).to.be.within(moved.length / 9 / 2, (moved.length / 9) * 2);
  });

  it("holds the weights, and moves little when one changes", () => {
    const share = (weights: readonly number[]): Endpoint[] => {
      const balancer = make("hash", endpointsOf(weights));
      return Array.from({ length: 20_000 }, (_, at) => balancer.next(none, client(at)));
    };
    const [before, after] = [share([1, 2, 5]), share([1, 2, 4])];
    expect((counts(before)[2] ?? 0) / 20_000).to.be.within(0.58, 0.67);
    expect((counts(before)[0] ?? 0) / 20_000).to.be.within(0.105, 0.145);
    const moved = before.filter((endpoint, at) => endpoint.port !== after[at]?.port);
    expect(moved.every(({ port }) => port === 3)).to.equal(true);
  });

  it("goes by the server name, and without one by the client", () => {
    const balancer = make("hash", endpointsOf([1, 1, 1, 1]), { hash: "server-name" });
    const chosen = Array.from({ length: 50 }, (_, at) => balancer.next(none, from(`10.0.0.${at}`, "one.test")).port);
    expect(new Set(chosen).size).to.equal(1);
    const nameless = Array.from({ length: 50 }, (_, at) => balancer.next(none, from(`10.0.0.${at}`)).port);
    expect(new Set(nameless).size).to.equal(4);
  });

  it("takes endpoints in turn where there is nothing to go by", () => {
    expect(take(make("hash", endpointsOf([1, 1, 1])), 4)).to.equal("1231");
    const unix = { client: socketAddress("", 0, "unix") } as unknown as Session;
    const balancer = make("hash", endpointsOf([1, 1, 1]));
    expect([1, 2, 3].map(() => balancer.next(none, unix).port)).to.deep.equal([1, 2, 3]);
  });

  it("says clearly when the function throws or returns no text", () => {
    const failing = make("hash", endpointsOf([1, 1]), {
      hash: () => {
        throw new Error("no idea");
      },
    });
    expect(codeOf(() => failing.next(none, client(1)))).to.equal("SLUICE_BALANCE_FAILED the upstream's hash function threw: no idea");
    for (const [given, shown] of [
      [undefined, "undefined"],
      [5, "number"],
      [null, "null"],
      [Promise.resolve("x"), "a promise"],
    ] as const) {
      const odd = make("hash", endpointsOf([1, 1]), { hash: () => given as never });
      expect(codeOf(() => odd.next(none, client(1)))).to.contain(`returned ${shown}, expected a text`);
    }
  });
});

describe("balancing by a function of one's own", () => {
  it("shows it the usable candidates in the config's order, and takes what it returns", () => {
    const endpoints = [...endpointsOf([1, 3, 1]), { host: "b", port: 9, text: "b:9", backup: true }];
    const seen: unknown[] = [];
    const balancer = make((candidates, { client: { address } }) => {
      seen.push(
        candidates.map(({ address: where, weight, sessions, backup, state }) => [where, weight, sessions, backup, state]),
        address,
      );
      return candidates.toReversed()[0] as never;
    }, endpoints);
    balancer.opened(endpoints[1] as Endpoint);
    expect(balancer.next(none, client(7)).port).to.equal(3);
    expect(seen).to.deep.equal([
      [
        ["10.0.0.1:1", 1, 0, false, "up"],
        ["10.0.0.1:2", 3, 1, false, "up"],
        ["10.0.0.1:3", 1, 0, false, "up"],
      ],
      "10.0.0.7",
    ]);
  });

  it("shows it plain facts, which it can copy but not change", () => {
    const copies: unknown[] = [];
    const balancer = make(
      (candidates) => {
        copies.push(...candidates.map((each) => ({ ...each })));
        (candidates as unknown[]).reverse();
        return candidates[0] as never;
      },
      endpointsOf([2, 1]),
    );
    balancer.opened(balancer.next(none, client(1)));
    expect(balancer.next(none, client(1)).port).to.equal(2);
    const [first, second] = [
      { address: "10.0.0.1:1", weight: 2, sessions: 0, backup: false, state: "up" },
      { address: "10.0.0.1:2", weight: 1, sessions: 0, backup: false, state: "up" },
    ];
    expect(copies).to.deep.equal([first, second, first, { ...second, sessions: 1 }]);
    const meddling = make((candidates) => Object.assign(candidates[0] as object, { weight: 0 }) as never, endpointsOf([1, 1]));
    expect(codeOf(() => meddling.next(none, client(1)))).to.contain("SLUICE_BALANCE_FAILED the upstream's balance function threw");
  });

  it("leaves those out that are out, full, or have been tried", () => {
    const endpoints = endpointsOf([1, 1, 1, 1], { maxSessions: 1 });
    const shown: string[] = [];
    const balancer = make((candidates) => {
      shown.push(candidates.map(({ address }) => address.at(-1)).join(""));
      return candidates[0] as never;
    }, endpoints);
    const [one, two, three] = endpoints as [Endpoint, Endpoint, Endpoint];
    for (let time = 0; time < 5; time += 1) balancer.failed(one, "SLUICE_UPSTREAM_REFUSED");
    balancer.opened(two);
    balancer.next(none, client(1));
    balancer.next(new Set([three]), client(1));
    expect(shown).to.deep.equal(["34", "4"]);
  });

  it("says clearly when it throws, or returns none of them", () => {
    const given = ["10.0.0.1:1", undefined, { address: "10.0.0.1:1" }, Promise.resolve()];
    for (const one of given)
      expect(codeOf(() => make(() => one as never, endpointsOf([1, 1])).next(none, client(1)))).to.contain("none of the candidates");
    const throwing = make(
      () => {
        throw new TypeError("oh no");
      },
      endpointsOf([1, 1]),
    );
    expect(codeOf(() => throwing.next(none, client(1)))).to.equal("SLUICE_BALANCE_FAILED the upstream's balance function threw: oh no");
  });
});

describe("maxSessions of endpoints", () => {
  for (const balance of ["round-robin", "random", "random-two", "least-connections", "hash"] as const) {
    it(`is kept with ${balance}, and all full is SLUICE_UPSTREAM_BUSY`, () => {
      const endpoints = endpointsOf([1, 1], { maxSessions: 2 });
      const balancer = make(balance, endpoints);
      const chosen = Array.from({ length: 4 }, () => {
        const endpoint = balancer.next(none, client(1));
        balancer.opened(endpoint);
        return endpoint;
      });
      expect(counts(chosen)).to.deep.equal([2, 2]);
      expect(codeOf(() => balancer.next(none, client(1)))).to.contain("SLUICE_UPSTREAM_BUSY");
      balancer.closed(endpoints[1] as Endpoint);
      expect(balancer.next(none, client(1)).port).to.equal(2);
    });
  }

  it("holds for an only endpoint too", () => {
    const endpoints = endpointsOf([1], { maxSessions: 1 });
    const balancer = make("round-robin", endpoints);
    balancer.opened(balancer.next(none));
    expect(codeOf(() => balancer.next(none))).to.contain("SLUICE_UPSTREAM_BUSY");
  });
});
