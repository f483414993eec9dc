import { expect } from "chai";
import { resolveConfig } from "../../support/resolve-config.ts";
import { duration, type PluginUse } from "../../../core/contract/index.ts";
import { filesUnder, readText } from "../../support/repository.ts";
import { latency, reset, slicer, slowClose, slowOpen, timeout as timeoutFault } from "../../../plugins/faults/index.ts";
import { dnsCache, http, proxyProtocol, rateLimit, retry, route, tlsTermination } from "../../../plugins/index.ts";

/** Every option of type duration. */
interface Row {
  /** Gives a config with it. */
  readonly with: (value: number | string) => unknown;
  /** Whether it takes 0, which its page explains. */
  readonly zero: boolean;
  /** Whether a timer waits for it. */
  readonly waits: boolean;
}

const config = (more: object, plugins: readonly PluginUse[] = []): object => ({
  listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:9", plugins } },
  ...more,
});
const plugged = (use: (value: never) => PluginUse) => (value: number | string) => config({}, [use(value as never)]);
const timeouts = (name: string) => (value: number | string) => config({ timeouts: { [name]: value } });

const ejected = (name: string) => (value: number | string) => {
  const upstream = { endpoints: ["127.0.0.1:9"], ejection: { [name]: value } };
  return config({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream } } });
};

const rows: Readonly<Record<string, Row>> = {
  "timeouts.connect": { with: timeouts("connect"), zero: false, waits: true },
  "timeouts.handshake": { with: timeouts("handshake"), zero: false, waits: true },
  "timeouts.idle": { with: timeouts("idle"), zero: false, waits: true },
  "timeouts.halfClosed": { with: timeouts("halfClosed"), zero: true, waits: true },
  "timeouts.udpIdle": { with: timeouts("udpIdle"), zero: false, waits: true },
  "timeouts.setup": { with: timeouts("setup"), zero: false, waits: true },
  "timeouts.drain": { with: timeouts("drain"), zero: true, waits: true },
  "limits.swapTimeout": { with: (value) => config({ limits: { swapTimeout: value } }), zero: false, waits: true },
  "reload.deadline": {
    with: (deadline) => ({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:9", reload: { deadline } } } }),
    zero: true,
    waits: true,
  },
  "reload.trial.for": { with: (wait) => config({ reload: { trial: { for: wait } } }), zero: false, waits: true },
  "upstream.ejection.time": { with: ejected("time"), zero: false, waits: true },
  "upstream.ejection.maxTime": { with: ejected("maxTime"), zero: false, waits: true },
  "shutdown.delay": { with: (delay) => config({ shutdown: { delay } }), zero: true, waits: true },
  "shutdown.quiet": { with: (quiet) => config({ shutdown: { quiet } }), zero: false, waits: true },
  "retry.delay": { with: plugged((delay) => retry({ delay })), zero: true, waits: true },
  "retry.maxDelay": { with: plugged((maxDelay) => retry({ maxDelay })), zero: false, waits: true },
  "retry.within": { with: plugged((within) => retry({ within })), zero: false, waits: false },
  "rateLimit.per": { with: plugged((per) => rateLimit({ connections: { rate: 1, per } })), zero: false, waits: false },
  "dnsCache.minTtl": { with: plugged((minTtl) => dnsCache({ minTtl, maxTtl: "5000d" })), zero: true, waits: false },
  "dnsCache.maxTtl": { with: plugged((maxTtl) => dnsCache({ maxTtl })), zero: true, waits: false },
  "dnsCache.negativeTtl": { with: plugged((negativeTtl) => dnsCache({ negativeTtl })), zero: true, waits: false },
  "dnsCache.staleIfError": { with: plugged((staleIfError) => dnsCache({ staleIfError })), zero: true, waits: false },
  "tlsTermination.handshakeTimeout": {
    with: plugged((handshakeTimeout) => tlsTermination({ selfSigned: ["localhost"], handshakeTimeout })),
    zero: false,
    waits: true,
  },
  "http.timeouts.headers": { with: plugged((headers) => http({ timeouts: { headers } })), zero: false, waits: true },
  "http.timeouts.request": { with: plugged((request) => http({ timeouts: { request } })), zero: true, waits: true },
  "http.timeouts.keepAlive": { with: plugged((keepAlive) => http({ timeouts: { keepAlive } })), zero: false, waits: true },
  "http.timeouts.halfClosed": { with: plugged((halfClosed) => http({ timeouts: { halfClosed } })), zero: true, waits: true },
  "http.timeouts.response": { with: plugged((response) => http({ timeouts: { response } })), zero: true, waits: true },
  "http.timeouts.send": { with: plugged((send) => http({ timeouts: { send } })), zero: true, waits: true },
  "http.timeouts.connectionAge": { with: plugged((connectionAge) => http({ timeouts: { connectionAge } })), zero: true, waits: true },
  "http.timeouts.idleConnection": { with: plugged((idleConnection) => http({ timeouts: { idleConnection } })), zero: true, waits: true },
  "proxyProtocol.timeout": { with: plugged((timeout) => proxyProtocol({ from: ["10.0.0.0/8"], timeout })), zero: false, waits: true },
  "route.timeout": {
    with: plugged((timeout) => route({ routes: [{ serverName: "a.test", upstream: "a:1" }], fallback: "a:1", timeout })),
    zero: false,
    waits: true,
  },
  "latency.delay": { with: plugged((delay) => latency({ delay })), zero: true, waits: true },
  "latency.jitter": { with: plugged((jitter) => latency({ delay: 1, jitter })), zero: true, waits: true },
  "slicer.delay": { with: plugged((delay) => slicer({ size: 1, delay })), zero: true, waits: true },
  "reset.after": { with: plugged((after) => reset({ after })), zero: true, waits: true },
  "timeout.after": { with: plugged((after) => timeoutFault({ after })), zero: true, waits: true },
  "slowOpen.delay": { with: plugged((delay) => slowOpen({ delay })), zero: true, waits: true },
  "slowClose.delay": { with: plugged((delay) => slowClose({ delay })), zero: true, waits: true },
};

function refusal(value: unknown): string | undefined {
  try {
    resolveConfig(value);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe("every option that is a duration", () => {
  for (const [name, row] of Object.entries(rows)) {
    it(`${name} ${row.zero ? "takes" : "refuses"} 0`, () => {
      for (const zero of [0, "0s", "0ms"]) {
        if (row.zero) expect(refusal(row.with(zero))).to.equal(undefined);
        else expect(refusal(row.with(zero))).to.include("expected more than 0");
      }
    });
    it(`${name} ${row.waits ? "is at most 24 days" : "may be longer than 24 days"}`, () => {
      for (const long of ["25d", "30d", 2 ** 31, "1000d"]) {
        if (row.waits) expect(refusal(row.with(long))).to.include("at most 24 days, the longest that a timer can wait");
        else expect(refusal(row.with(long))).to.equal(undefined);
      }
      expect(refusal(row.with("24d"))).to.equal(undefined);
    });
    it(`${name} refuses what is not a duration`, () => {
      for (const wrong of ["soon", "-1s", "5"]) expect(refusal(row.with(wrong))).to.include("expected a duration such as");
    });
  }

  it("is in this table", () => {
    const sources = [...filesUnder("core/config", ".ts"), ...filesUnder("plugins", ".ts")].map(readText);
    const options = sources.flatMap((source) => [...source.matchAll(/(\w+): (?:duration|timeout)\(/g)].map(([, name]) => name));
    expect(options).to.have.length.of.at.least(20);
    const rowed = new Set(Object.keys(rows).map((name) => name.split(".").at(-1)));
    expect(options.filter((name) => !rowed.has(name))).to.deep.equal([]);
  });

  it("has one rule, in duration()", () => {
    expect(duration().parse(0)).to.equal(0);
    expect(duration({ zero: false }).safeParse("0s").success).to.equal(false);
    expect(duration().safeParse("25d").success).to.equal(false);
    expect(duration({ compared: true }).parse("25d")).to.equal(25 * 86_400_000);
  });
});
