import { expect } from "chai";
import * as fc from "fast-check";
import { networks, socketAddress, type ClientHello } from "sluice";
import { choose } from "../../../../plugins/route/choose.ts";
import type { ClientFacts } from "../../../../plugins/route/knowledge.ts";
import { optionsSchema, type Route } from "../../../../plugins/route/options.ts";
import { RouteIndex } from "../../../../plugins/route/route-index.ts";

const names = ["a.test", "b.a.test", "c.b.a.test", "test", "ba.test"];
const patterns = ["a.test", "*.a.test", "*.b.a.test", "*.test", "*", "c.b.a.test"];
const nets = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "::/0", "fd00::/8", "unix", "0.0.0.0/0"];
const clients = [
  socketAddress("10.1.2.3", 1, "IPv4"),
  socketAddress("10.9.9.9", 1, "IPv4"),
  socketAddress("192.0.2.1", 1, "IPv4"),
  socketAddress("::ffff:10.1.0.1", 1, "IPv6"),
  socketAddress("fd00::1", 1, "IPv6"),
  socketAddress("", 0, "unix"),
];

const condition = fc.record(
  {
    serverName: fc.uniqueArray(fc.constantFrom(...patterns), { minLength: 1, maxLength: 2 }),
    client: fc.uniqueArray(fc.constantFrom(...nets), { minLength: 1, maxLength: 2 }),
    protocol: fc.constantFrom("tls", "ssh"),
    alpn: fc.constantFrom("h2", "x"),
  },
  { requiredKeys: [] },
);
const someRoutes = fc.array(
  condition.filter((each) => Object.keys(each).length > 0),
  { minLength: 1, maxLength: 8 },
);
const hello = fc.oneof(
  fc.constantFrom(undefined, null),
  fc.record({
    serverName: fc.constantFrom(undefined, ...names),
    alpn: fc.constantFrom<readonly string[]>([], ["h2"]),
  }) as fc.Arbitrary<ClientHello>,
);
const knowledge: fc.Arbitrary<ClientFacts> = fc
  .record({ client: fc.constantFrom(...clients), hello, guess: fc.constantFrom(true, false, undefined) })
  .map(({ guess, ...known }) => ({ ...known, is: () => guess }));

/** An index that leaves nothing out. */
class EveryRoute extends RouteIndex {
  override candidates(): readonly Route[] {
    return this.routes;
  }
}

describe("the index of route()", () => {
  it("leaves out only routes that cannot be the one", () => {
    fc.assert(
      fc.property(someRoutes, knowledge, fc.boolean(), (given, known, isOver) => {
        const routes = given.map((each, at) => ({ ...each, upstream: `10.0.0.1:${at + 1}` }));
        const parsed = optionsSchema.parse({ routes }).routes;
        expect(choose(new RouteIndex(parsed), known, isOver)).to.equal(choose(new EveryRoute(parsed), known, isOver));
      }),
      { numRuns: 500 },
    );
  });

  it("looks at one route of thousands, by server name or by client", () => {
    const routes = Array.from({ length: 4000 }, (_, at) => ({ serverName: `n${at}.test`, upstream: "10.0.0.1:1" }));
    const networksOf = (at: number): string => `10.${at >> 8}.${at & 255}.0/24`;
    const more = Array.from({ length: 4000 }, (_, at) => ({ client: [networksOf(at)], upstream: "10.0.0.2:1" }));
    const index = new RouteIndex(optionsSchema.parse({ routes: [...routes, ...more] }).routes);
    const known = { client: socketAddress("10.3.7.9", 1, "IPv4"), hello: { serverName: "n17.test", alpn: [] } as unknown as ClientHello };
    expect(index.candidates(known).map((route) => index.positionOf(route))).to.deep.equal([17, 4000 + 3 * 256 + 7]);
    expect(networks().parse(["10.3.7.0/24"]).has(known.client)).to.equal(true);
  });
});
