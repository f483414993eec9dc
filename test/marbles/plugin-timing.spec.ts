import { expect } from "chai";
import { defer, mergeMap, NEVER, type Observable } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { SluiceError, type Address, type Upstream } from "sluice";
import { dnsCache, rateLimit, retry } from "sluice/plugins";
import { DnsCache } from "../../plugins/dns-cache/dns-cache.ts";
import type { DnsCacheOptions } from "../../plugins/dns-cache/options.ts";
import { MemoryStore } from "../../plugins/rate-limit/memory-store.ts";
import type { RateLimitOptions } from "../../plugins/rate-limit/options.ts";
import { RateLimit } from "../../plugins/rate-limit/rate-limit.ts";
import { Retry, type RetryOptions } from "../../plugins/retry.ts";
import { createLog, createMetrics, createPlace, createSession, parseOptions } from "../unit/plugins/support/fakes.ts";

const scheduler = (): TestScheduler =>
  new TestScheduler((actual, expected) => {
    expect(actual).to.deep.equal(expected);
  });

describe("plugins in virtual time", () => {
  it("retry subscribes again after 100 ms and 200 ms, and passes the third attempt on", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable, expectSubscriptions }) => {
      const plugin = new Retry(parseOptions<RetryOptions>(retry, { jitter: "none" }), test, createLog().logger);
      const upstream = { endpoint: "10.0.0.1:9000" } as Upstream;
      const refused = new SluiceError("SLUICE_UPSTREAM_REFUSED", "no");
      const failing = cold<Upstream>("-#", undefined, refused);
      const working = cold("-(u|)", { u: upstream });
      const turns = [failing, failing, working];
      const source = defer(() => turns.shift() ?? NEVER);
      expectObservable(plugin.connect(source, createSession().session)).toBe("303ms (u|)", { u: upstream });
      expectSubscriptions(failing.subscriptions).toBe(["^!", "101ms ^!"]);
      expectSubscriptions(working.subscriptions).toBe("302ms ^!");
    });
  });

  it("rateLimit shapes bytes to the rate after the burst", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable }) => {
      const options = parseOptions<RateLimitOptions>(rateLimit, { bytes: { rate: 1_000, burst: 10 }, over: "delay" });
      const parts = { clock: test, logger: createLog().logger, metrics: createMetrics(), store: new MemoryStore(10), prefix: "" };
      const plugin = new RateLimit(options, parts);
      const chunks = { a: Buffer.alloc(10), b: Buffer.alloc(5), c: Buffer.alloc(20) };
      const shaped = plugin.fromClient?.(cold("(abc|)", chunks), createSession().session);
      if (shaped === undefined) throw new Error("no hook");
      expectObservable(shaped).toBe("a 4ms b 19ms (c|)", chunks);
    });
  });

  it("dnsCache looks a name up once per TTL, and counts the TTL down", () => {
    const test = scheduler();
    test.run(({ cold, expectObservable, expectSubscriptions }) => {
      const plugin = new DnsCache(parseOptions<DnsCacheOptions>(dnsCache, {}), test, createMetrics(), createPlace("tcp"));
      const at = (ttl: number): Address[] => [{ address: "192.0.2.1", family: 4, ttl }];
      const lookup = cold("-(a|)", { a: at(10) });
      const query = { name: "Example.test", listener: "web" };
      const askedAt = (time: string): Observable<Address[]> => cold(`${time} (q|)`).pipe(mergeMap(() => plugin.resolve(lookup, query)));
      expectObservable(askedAt("0s")).toBe("-(a|)", { a: at(10) });
      expectObservable(askedAt("4s")).toBe("4s (a|)", { a: at(6) });
      expectObservable(askedAt("11s")).toBe("11s -(a|)", { a: at(10) });
      expectSubscriptions(lookup.subscriptions).toBe(["^!", "11s ^!"]);
    });
  });
});
