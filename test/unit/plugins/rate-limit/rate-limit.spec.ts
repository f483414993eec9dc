import { expect } from "chai";
import { firstValueFrom, of, Subject } from "rxjs";
import { SluiceError, type Session } from "sluice";
import { rateLimit, type RateLimitStore } from "sluice/plugins";
import { socketAddress } from "../../../../core/contract/addresses/address.ts";
import { MemoryStore } from "../../../../plugins/rate-limit/memory-store.ts";
import type { RateLimitOptions } from "../../../../plugins/rate-limit/options.ts";
import { RateLimit } from "../../../../plugins/rate-limit/rate-limit.ts";
import { createLog, createMetrics, createSession, ManualClock, parseOptions, refusedPaths } from "../support/fakes.ts";

function build(input: object, given: { clock?: ManualClock; store?: RateLimitStore } = {}) {
  const options = parseOptions<RateLimitOptions>(rateLimit, input);
  const { clock = new ManualClock(), store = new MemoryStore(options.maxKeys) } = given;
  const { lines, logger } = createLog();
  const metrics = createMetrics();
  return { clock, lines, metrics, plugin: new RateLimit(options, { clock, logger, metrics, store, prefix: "" }) };
}

/** Runs `admit`: true, false, or a code; undefined while it waits. */
function admit(plugin: RateLimit, session: Session): { outcome: boolean | string | undefined } {
  const state: { outcome: boolean | string | undefined } = { outcome: undefined };
  plugin.admit?.(of(session), session).subscribe({
    next: () => {
      state.outcome = true;
    },
    error: (error: unknown) => {
      state.outcome = SluiceError.is(error) ? error.code : String(error);
    },
    complete: () => {
      state.outcome ??= false;
    },
  });
  return state;
}

function flow(hook: RateLimit["fromClient"], session: Session): { send: (text: string) => void; passed: string[] } {
  const source = new Subject<Buffer>();
  const passed: string[] = [];
  hook?.(source, session).subscribe({
    next: (chunk) => passed.push(chunk.toString()),
    error: (error: unknown) => passed.push(SluiceError.is(error) ? error.code : String(error)),
  });
  return {
    send: (text) => {
      source.next(Buffer.from(text));
    },
    passed,
  };
}

const from = (address: string): Session => createSession({ client: socketAddress(address, 1, "IPv4") }).session;

describe("rateLimit", () => {
  it("asks a key's function once the session has passed the plugins in front, which may terminate TLS", () => {
    const { plugin } = build({ connections: { rate: 1 }, key: (session: Session) => session.notes.get("who") });
    const admitAs = (who: string): string[] => {
      const { session } = createSession();
      const arrival = new Subject<Session>();
      const outcome: string[] = [];
      plugin.admit?.(arrival, session).subscribe({
        next: () => outcome.push("admitted"),
        error: (error: unknown) => outcome.push(SluiceError.is(error) ? error.code : String(error)),
      });
      session.notes.set("who", who);
      arrival.next(session);
      return outcome;
    };
    expect(["a", "b", "a"].flatMap(admitAs)).to.deep.equal(["admitted", "admitted", "SLUICE_RATE_LIMITED"]);
  });

  it("rejects sessions over the rate, per client, and counts them", () => {
    const { plugin, clock, metrics } = build({ connections: { rate: 10, burst: 2 } });
    const session = from("192.0.2.1");
    expect([1, 2, 3].map(() => admit(plugin, session).outcome)).to.deep.equal([true, true, "SLUICE_RATE_LIMITED"]);
    expect(admit(plugin, from("192.0.2.2")).outcome).to.equal(true);
    clock.advance(100);
    expect(admit(plugin, session).outcome).to.equal(true);
    expect(metrics.snapshot()).to.deep.equal({ sluice_rate_limited_total: 1 });
  });

  it("shares one bucket among all clients with key: listener, and as a function says", () => {
    const shared = build({ connections: { rate: 1 }, key: "listener" }).plugin;
    expect([admit(shared, from("192.0.2.1")).outcome, admit(shared, from("192.0.2.2")).outcome]).to.deep.equal([
      true,
      "SLUICE_RATE_LIMITED",
    ]);
    const own = build({ connections: { rate: 1 }, key: (session: Session) => String(session.id % 2) }).plugin;
    const ids = [2, 3, 4].map((id) => admit(own, createSession({ id }).session).outcome);
    expect(ids).to.deep.equal([true, true, "SLUICE_RATE_LIMITED"]);
  });

  it("lets sessions wait in order with over: delay", () => {
    const { plugin, clock } = build({ connections: { rate: 10, burst: 1 }, over: "delay" });
    const session = from("192.0.2.1");
    const states = [1, 2, 3].map(() => admit(plugin, session));
    expect(states.map(({ outcome }) => outcome)).to.deep.equal([true, undefined, undefined]);
    clock.advance(100);
    expect(states.map(({ outcome }) => outcome)).to.deep.equal([true, true, undefined]);
    clock.advance(100);
    expect(states.map(({ outcome }) => outcome)).to.deep.equal([true, true, true]);
  });

  it("passes the place of a session that ended while it waited on to the next", () => {
    const { plugin, clock } = build({ connections: { rate: 10, burst: 1 }, over: "delay" });
    const leaving = createSession();
    admit(plugin, from("192.0.2.1"));
    const left = admit(plugin, leaving.session);
    leaving.end();
    expect(left.outcome).to.equal(false);
    expect(clock.timers).to.equal(0);
    const next = admit(plugin, from("192.0.2.1"));
    clock.advance(100);
    expect(next.outcome).to.equal(true);
  });

  it("rejects when too many wait", () => {
    const { plugin } = build({ connections: { rate: 1 }, over: "delay", maxKeys: 2 });
    const outcomes = [1, 2, 3, 4].map(() => admit(plugin, from("192.0.2.1")).outcome);
    expect(outcomes).to.deep.equal([true, undefined, undefined, "SLUICE_RATE_LIMITED"]);
  });

  it("drops the client's datagrams that are over, on UDP only", () => {
    const { plugin, clock, metrics } = build({ datagrams: { rate: 10, burst: 2 } });
    const udp = flow(plugin.fromClient?.bind(plugin), createSession({ transport: "udp" }).session);
    for (const text of ["a", "b", "c"]) udp.send(text);
    clock.advance(100);
    udp.send("d");
    expect(udp.passed).to.deep.equal(["a", "b", "d"]);
    expect(metrics.snapshot()).to.deep.equal({ sluice_rate_limited_total: 1 });
    const tcp = flow(plugin.fromClient?.bind(plugin), createSession({ transport: "tcp" }).session);
    for (const text of ["a", "b", "c"]) tcp.send(text);
    expect(tcp.passed).to.deep.equal(["a", "b", "c"]);
    expect(plugin).not.to.have.property("fromUpstream");
  });

  it("ends a session that sends too many bytes, with a bucket per direction", () => {
    const { plugin } = build({ bytes: { rate: "10B", burst: "4B" } });
    const { session } = createSession();
    const up = flow(plugin.fromClient?.bind(plugin), session);
    const down = flow(plugin.fromUpstream?.bind(plugin), session);
    up.send("1234");
    down.send("1234");
    up.send("5");
    expect(up.passed).to.deep.equal(["1234", "SLUICE_RATE_LIMITED"]);
    expect(down.passed).to.deep.equal(["1234"]);
  });

  it("shapes bytes with over: delay, across the sessions of one key", () => {
    const { plugin, clock } = build({ bytes: { rate: 1_000, burst: 10 }, over: "delay" });
    const one = flow(plugin.fromClient?.bind(plugin), from("192.0.2.1"));
    const two = flow(plugin.fromClient?.bind(plugin), from("192.0.2.1"));
    one.send("x".repeat(10));
    one.send("y".repeat(20));
    two.send("z".repeat(20));
    expect([one.passed.length, two.passed.length]).to.deep.equal([1, 0]);
    clock.advance(20);
    expect([one.passed.length, two.passed.length]).to.deep.equal([2, 0]);
    clock.advance(20);
    expect([one.passed.length, two.passed.length]).to.deep.equal([2, 1]);
  });

  it("keeps its buckets over a reload, but not when the key is another", () => {
    const session = from("192.0.2.1");
    const clock = new ManualClock();
    const before = build({ connections: { rate: 1 } }, { clock }).plugin;
    admit(before, session);
    const same = build({ connections: { rate: 1 } }, { clock }).plugin;
    same.inherit(before);
    expect(admit(same, session).outcome).to.equal("SLUICE_RATE_LIMITED");
    const other = build({ connections: { rate: 1 }, key: "listener" }, { clock }).plugin;
    other.inherit(before);
    expect(admit(other, session).outcome).to.equal(true);
  });

  it("asks a store elsewhere, and asks it again when it said", async () => {
    const clock = new ManualClock();
    const asked: number[] = [];
    const replies = [50, 0];
    const store: RateLimitStore = {
      take: async (_key, _cost, _limit, now) => {
        asked.push(now);
        return Promise.resolve(replies.shift() ?? 0);
      },
    };
    const { plugin } = build({ connections: { rate: 1 }, over: "delay" }, { clock, store });
    const session = from("192.0.2.1");
    const admitted = firstValueFrom(plugin.admit?.(of(session), session) ?? of(undefined));
    while (clock.timers === 0) await Promise.resolve();
    clock.advance(50);
    expect(await admitted).to.equal(session);
    expect(asked.map((at) => at - (asked[0] ?? 0))).to.deep.equal([0, 50]);
    expect(plugin.borrows).to.equal(false);
  });

  it("lets nothing through when a store elsewhere fails", async () => {
    const store: RateLimitStore = { take: async () => Promise.reject(new Error("store is down")) };
    const { plugin } = build({ connections: { rate: 1 } }, { store });
    const session = from("192.0.2.1");
    const state = admit(plugin, session);
    await new Promise(setImmediate);
    expect(state.outcome).to.equal("Error: store is down");
  });

  it("warns when it limits nothing", async () => {
    const { plugin, lines } = build({});
    await plugin.setup();
    expect(lines.map(({ level }) => level)).to.deep.equal(["warn"]);
  });

  const wrong: [string, object][] = [
    ["connections.rate", { connections: { rate: 0 } }],
    ["connections.per", { connections: { rate: 1, per: 0 } }],
    ["connections.burst", { connections: { rate: 1, burst: 0.5 } }],
    ["connections.rates", { connections: { rate: 1, rates: 1 } }],
    ["datagrams.rate", { datagrams: { rate: "many" } }],
    ["bytes.rate", { bytes: { rate: "10 parsecs" } }],
    ["bytes.burst", { bytes: { rate: 1, burst: 0 } }],
    ["requests.rate", { requests: { rate: -1 } }],
    ["key", { key: "server" }],
    ["over", { over: "drop" }],
    ["maxKeys", { maxKeys: 0 }],
    ["store", { store: 7 }],
    ["connection", { connection: { rate: 1 } }],
  ];
  for (const [path, input] of wrong) {
    it(`refuses ${JSON.stringify(input)}`, () => {
      expect(refusedPaths(rateLimit, input)).to.include(path);
    });
  }
});
