import { expect } from "chai";
import { VirtualTimeScheduler } from "rxjs";
import { SluiceError, socketAddress, type Balance, type Endpoint, type HashKey, type Session } from "../../../../../core/contract/index.ts";
import { createBalancer, type Balancer } from "../../../../../core/net/balance/balancer.ts";

const none: ReadonlySet<Endpoint> = new Set();
const endpointsOf = (weights: readonly number[]): readonly Endpoint[] =>
  weights.map((weight, at) => ({ host: "10.0.0.1", port: at + 1, text: `10.0.0.1:${at + 1}`, weight }));
const make = (balance: Balance, endpoints: readonly Endpoint[], { hash }: { readonly hash?: HashKey } = {}): Balancer =>
  createBalancer({ endpoints, balance, tls: undefined, hash }, { clock: new VirtualTimeScheduler() });
const client = (at: number): Session =>
  ({ client: socketAddress(`10.0.${at >> 8}.${at & 255}`, 5_000, "IPv4"), tls: undefined }) as unknown as Session;
const counted = (chosen: readonly Endpoint[]): number[] => [1, 2, 3].map((port) => chosen.filter((each) => each.port === port).length);
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return SluiceError.is(error) ? error.code : String(error);
  }
  return "nothing";
};

describe("a function of the config that is async and fails", () => {
  const failing = async (): Promise<never> => Promise.reject(new Error("no idea"));

  for (const [what, ask] of [
    ["balance", () => make(failing as never, endpointsOf([1, 1]))],
    ["hash", () => make("hash", endpointsOf([1, 1]), { hash: failing as never })],
  ] as const) {
    it(`as ${what} is refused as any other, and leaves no rejection behind`, async () => {
      const unheard: unknown[] = [];
      const note = (reason: unknown): void => void unheard.push(reason);
      process.on("unhandledRejection", note);
      try {
        expect(codeOf(() => ask().next(none, client(1)))).to.contain("SLUICE_BALANCE_FAILED");
        // Node tells of rejections before the next turn of the event loop.
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.off("unhandledRejection", note);
      }
      expect(unheard).to.deep.equal([]);
    });
  }
});

describe("candidates while some have just failed", () => {
  for (const balance of ["round-robin", "random", "random-two", "least-connections", "hash"] as const) {
    it(`are the others with ${balance}, by weight, and all once it is over`, () => {
      const clock = new VirtualTimeScheduler();
      // Lehmer's generator: the same draws each time.
      let state = 7;
      const endpoints = endpointsOf([1, 1, 2]);
      const balancer = createBalancer(
        { endpoints, balance, tls: undefined },
        { clock, random: () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647 },
      );
      const chosen = (): number[] =>
        counted(
          Array.from({ length: 300 }, (_, at) => {
            const endpoint = balancer.next(none, client(at));
            balancer.opened(endpoint);
            return endpoint;
          }),
        );
      const [first] = endpoints as [Endpoint];
      const all = chosen();
      expect(all.filter((count) => count > 0)).to.have.lengthOf(3);
      balancer.failed(first, "SLUICE_UPSTREAM_REFUSED");
      const during = chosen();
      expect(during[0] ?? 0).to.equal(0);
      expect(during[2]).to.be.greaterThan(during[1] ?? 0);
      clock.schedule(() => undefined, 1_000);
      clock.flush();
      expect(chosen()[0]).to.be.greaterThan(0);
    });
  }
});
