import { expect } from "chai";
import { Subject } from "rxjs";
import type { Endpoint } from "../../../../../core/contract/index.ts";
import { createBalancer } from "../../../../../core/net/balance/balancer.ts";
import { HealthBook } from "../../../../../core/net/balance/endpoints/health-book.ts";
import type { AgreedStanding } from "../../../../../core/net/balance/endpoints/health-peers.ts";
import type { Outage } from "../../../../../core/net/balance/endpoints/outage.ts";
import { ManualClock } from "../../../plugins/support/fakes.ts";

const none: ReadonlySet<Endpoint> = new Set();
const endpoints = [1, 2].map((port): Endpoint => ({ host: "a", port, text: `a:${port}` }));

describe("slowStart", () => {
  for (const balance of ["round-robin", "least-connections", "random", "random-two"] as const) {
    it(`lets the share of an endpoint that came back grow with ${balance}, and not at the start`, () => {
      const clock = new ManualClock();
      const book = new HealthBook(undefined);
      // A draw that goes evenly through all that there is.
      let drawn = 0;
      const random = (): number => (drawn = (drawn + 0.618_033_988_75) % 1);
      const target = { endpoints, balance, tls: undefined, slowStart: 100_000 };
      const balancer = createBalancer(target, { clock, health: book, random });
      const share = (): number => {
        const chosen = Array.from({ length: 420 }, () => balancer.next(none).port);
        return chosen.filter((port) => port === 1).length / 420;
      };
      expect(share()).to.be.within(0.45, 0.55);
      const error = { code: "SLUICE_UPSTREAM_DOWN", detail: "" } as never;
      book.of("", "a:1").missed(error, 1, clock.now());
      expect(share()).to.equal(0);
      book.of("", "a:1").passed(1, clock.now());
      expect(share()).to.be.within(0.01, 0.1);
      clock.advance(50_000);
      expect(share()).to.be.within(0.27, 0.4);
      clock.advance(50_000);
      expect(share()).to.be.within(0.45, 0.55);
    });
  }

  it("does so also if nobody was sent to the upstream while the endpoint was down", () => {
    const clock = new ManualClock();
    const book = new HealthBook(undefined);
    const balancer = createBalancer({ endpoints, balance: "round-robin", tls: undefined, slowStart: 100_000 }, { clock, health: book });
    const share = (): number => Array.from({ length: 420 }, () => balancer.next(none).port).filter((port) => port === 1).length / 420;
    expect(share()).to.be.within(0.45, 0.55);
    book.of("", "a:1").missed({ code: "SLUICE_UPSTREAM_DOWN", detail: "" } as never, 1, clock.now());
    book.of("", "a:1").passed(1, clock.now());
    expect(share()).to.be.within(0.01, 0.1);
  });

  it("does so in a process that hears from another one that the checks pass again", () => {
    const book = new HealthBook(undefined);
    const agreed = new Subject<AgreedStanding>();
    book.join({ checks: false, agreed, eject: () => Promise.resolve(undefined), tell: () => undefined, forget: () => undefined });
    const balancer = createBalancer({ endpoints, balance: "round-robin", tls: undefined, slowStart: 100_000 }, { health: book });
    const share = (): number => Array.from({ length: 420 }, () => balancer.next(none).port).filter((port) => port === 1).length / 420;
    const tell = (outage: Outage | undefined): void => {
      agreed.next({ listener: "", endpoint: "a:1", what: "unfit", outage, version: 0, own: false });
    };
    expect(share()).to.be.within(0.45, 0.55);
    tell({ why: "check", code: "SLUICE_UPSTREAM_DOWN", since: Date.now(), until: undefined });
    expect(share()).to.equal(0);
    tell(undefined);
    expect(share()).to.be.within(0.01, 0.1);
  });
});
