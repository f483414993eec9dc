import { expect } from "chai";
import { delay, filter, map, type Observable } from "rxjs";
import { CLOCK, definePlugin, SluiceError, type PluginUse } from "sluice";
import { carry, each } from "sluice/flow";
import { dnsCache, echo, http, logging, rateLimit, retry, tlsTermination } from "sluice/plugins";
import { testPlugin, type PluginCases } from "sluice/testing";
import { z } from "zod";
import { gather } from "../../../../docs/examples/gather.ts";
import { lines } from "../../../../docs/examples/lines.ts";
import { redact } from "../../../../docs/examples/redact.ts";
import { shout } from "../../../../docs/examples/shout.ts";
import { badEndings } from "../../../support/bad-endings.ts";
import { badHabits } from "../../../support/bad-habits.ts";
import { badNeighbours } from "../../../support/bad-neighbours.ts";
import { badPlugins } from "../../../support/bad-plugins.ts";
import { refusalOf } from "../../../support/rejection.ts";
import { collectTests, failuresOf } from "../../../support/table-runner.ts";

const text = "grüße, an äll\nof 12 you\xff\n and the rest";

describe("testPlugin finds a plugin that", () => {
  for (const { what, make, said } of [...badPlugins, ...badNeighbours, ...badHabits, ...badEndings]) {
    if (said === undefined) continue;
    it(`${what}, and says so`, async () => {
      const failures = await failuresOf((runner) =>
        testPlugin(() => make(), { passes: [{ bytes: Buffer.from(text, "latin1") }, text] }, runner),
      );
      expect(failures.join("\n")).to.match(said);
    });
  }

  it("loses its state over a swap", async () => {
    const capitals = definePlugin("capitals", () => ({
      fromClient: (data) => {
        let isFirst = true;
        return data.pipe(
          each((chunk) => {
            const given = chunk.toString("latin1");
            const out = isFirst ? given.slice(0, 1).toUpperCase() + given.slice(1) : given;
            if (chunk.length > 0) isFirst = false;
            return Buffer.from(out, "latin1");
          }),
        );
      },
    }));
    const failures = await failuresOf((runner) => testPlugin(capitals, { changes: [{ from: "hello", to: "Hello" }] }, runner));
    expect(failures).to.have.lengthOf(1);
    expect(failures[0]).to.match(/with a swap at byte 1: its state is lost over a swap/);
    expect(failures[0]).to.match(/48 65 6c 6c 6f +Hello +\| 48 45 6c 6c 6f +HEllo/);
  });

  it("holds a token over its chunks, and lets go of it when it is removed no more", async () => {
    const hoarding = definePlugin("hoarding", () => ({
      fromClient: (data) =>
        data.pipe(
          carry({
            start: () => ({ held: "" }),
            step: (state, chunk) => {
              const all = state.held + chunk.toString("latin1");
              state.held = all.slice(-2);
              return Buffer.from(all.slice(0, -2), "latin1");
            },
            end: () => null,
          }),
        ),
    }));
    const failures = await failuresOf((runner) => testPlugin(hoarding, { passes: ["hello"] }, runner));
    expect(failures[0]).to.match(/the last 2 bytes are missing/);
  });

  it("mixes the directions of a session", async () => {
    const held = new WeakMap<object, string>();
    const mixing = definePlugin("mixing", () => {
      const step = (session: object, chunk: Buffer): Buffer => {
        const all = (held.get(session) ?? "") + chunk.toString("latin1");
        held.set(session, all.slice(-1));
        return Buffer.from(all.slice(0, -1), "latin1");
      };
      const hook = (name: "fromClient" | "fromUpstream") => ({
        [name]: (data: Observable<Buffer>, session: object) =>
          data.pipe(
            carry({
              start: () => session,
              step,
              end: () => {
                const last = Buffer.from(held.get(session) ?? "", "latin1");
                held.delete(session);
                return last;
              },
            }),
          ),
      });
      return { ...hook("fromClient"), ...hook("fromUpstream") };
    });
    const failures = await failuresOf((runner) => testPlugin(mixing, { passes: ["hello"] }, runner));
    expect(failures[0]).to.match(/the two directions of a session mix/);
  });

  it("takes options that were to be rejected", async () => {
    const failures = await failuresOf((runner) =>
      testPlugin(redact, { rejects: [{ digits: 3 }, { digits: "many" }, { digit: 3 }] }, runner),
    );
    expect(failures).to.have.lengthOf(1);
    expect(failures[0]).to.include('{"digits":3} were to be rejected, but they were accepted');
  });

  it("does not end the session, or with another code", async () => {
    const limit = definePlugin("limit", ({ bytes, code }: { bytes: number; code: "SLUICE_RATE_LIMITED" | "SLUICE_CLIENT_REJECTED" }) => ({
      fromClient: (data) =>
        data.pipe(
          carry({
            start: () => ({ left: bytes }),
            step: (state, chunk) => {
              state.left -= chunk.length;
              if (state.left < 0) throw new SluiceError(code, "too much");
              return chunk;
            },
          }),
        ),
    }));
    const table = (
      code: "SLUICE_RATE_LIMITED" | "SLUICE_CLIENT_REJECTED",
      bytes: number,
    ): PluginCases<{ bytes: number; code: typeof code }> => ({
      closes: [{ options: { bytes, code }, bytes: "hello", code: "SLUICE_RATE_LIMITED" }],
    });
    expect(await failuresOf((runner) => testPlugin(limit, table("SLUICE_RATE_LIMITED", 4), runner))).to.deep.equal([]);
    expect((await failuresOf((runner) => testPlugin(limit, table("SLUICE_RATE_LIMITED", 5), runner)))[0]).to.include("and it did not end");
    expect((await failuresOf((runner) => testPlugin(limit, table("SLUICE_CLIENT_REJECTED", 4), runner)))[0]).to.include(
      "was to end with SLUICE_RATE_LIMITED; the session ended with SLUICE_CLIENT_REJECTED",
    );
  });
});

describe("testPlugin passes", () => {
  const passing = async (define: Parameters<typeof failuresOf>[0]): Promise<void> => {
    expect(await failuresOf(define)).to.deep.equal([]);
  };

  it("the example plugins", async () => {
    await passing((runner) =>
      testPlugin(
        redact,
        {
          passes: ["call 123", { options: { digits: 4 }, bytes: "a 123 b" }, text],
          changes: [
            { options: { digits: 4 }, from: "card 12345678", to: "card ********" },
            { options: { digits: 4 }, from: "1234 and 567890", to: "**** and ******" },
          ],
        },
        runner,
      ),
    );
    await passing((runner) => testPlugin(shout, { changes: [{ options: { suffix: "!" }, from: "hé\nx", to: "Hé!\nX" }] }, runner));
    await passing((runner) => testPlugin(gather, { passes: [text, "a"] }, runner));
    await passing((runner) => testPlugin(lines, { passes: [text, "no end", "one\ntwo\n"] }, runner));
  });

  const builtIn: Readonly<Record<string, () => PluginUse>> = {
    echo: () => echo(),
    http: () => http(),
    logging: () => logging({ chunks: "hex" }),
    rateLimit: () => rateLimit({ bytes: { rate: "1KiB", burst: 8 }, over: "delay" }),
    retry: () => retry(),
    dnsCache: () => dnsCache(),
    tlsTermination: () => tlsTermination({ selfSigned: ["localhost"] }),
  };
  for (const [name, use] of Object.entries(builtIn)) {
    it(`${name}(), as far as it has byte hooks`, async function () {
      // It waits and makes certificates, a hundred times: a machine with other work takes a while.
      this.timeout(300_000);
      await passing((runner) => testPlugin(use, { passes: ["hello, there"] }, runner));
    });
  }

  it("plugins that work later: by promise, by the clock, and by plain RxJS in real time", async () => {
    const promised = definePlugin("promised", () => ({
      borrows: true,
      fromClient: (data) => data.pipe(each(async (chunk) => (await new Promise(setImmediate), Buffer.from(chunk)))),
    }));
    const clocked = definePlugin("clocked", (_options, inject) => {
      const clock = inject(CLOCK);
      return { fromClient: (data) => data.pipe(delay(3_600_000, clock)) };
    });
    const slow = definePlugin("slow", () => ({ fromClient: (data) => data.pipe(delay(1)) }));
    const late = definePlugin("late", (_options, inject) => {
      const clock = inject(CLOCK);
      return { admit: (arrival) => arrival.pipe(delay(60_000, clock)) };
    });
    for (const factory of [promised, clocked, slow, late]) {
      await passing((runner) => testPlugin(factory, { passes: ["hello"] }, runner));
    }
  });

  it("a plugin that turns sessions away", async () => {
    const closed = definePlugin("closed", () => ({ admit: (arrival) => arrival.pipe(filter(() => false)) }));
    await passing((runner) => testPlugin(closed, { closes: [{ bytes: "x", code: "SLUICE_CLIENT_REJECTED" }] }, runner));
  });

  it("a plugin whose output depends on the cuts, when the options say so", async () => {
    const numbered = definePlugin("numbered", () => ({
      fromClient: (data) =>
        data.pipe(
          carry({
            start: () => ({ count: 0 }),
            step: (state, chunk) => Buffer.concat([Buffer.from(String((state.count += 1))), chunk]),
          }),
        ),
    }));
    const table = { changes: [{ from: ["a", "", "b"], to: ["1a", "2", "3b"] }] };
    await passing((runner) => testPlugin(numbered, table, { ...runner, borders: "matter" }));
    await passing((runner) => testPlugin(numbered, table, { ...runner, transport: "udp" }));
    expect((await failuresOf((runner) => testPlugin(numbered, { changes: [{ from: "ab", to: "1ab" }] }, runner)))[0]).to.include(
      'borders: "matter"',
    );
    const merged = { changes: [{ from: ["a", "b"], to: ["1a2", "b"] }] };
    expect((await failuresOf((runner) => testPlugin(numbered, merged, { ...runner, borders: "matter" })))[0]).to.include(
      "sizes of [3, 1], got [2, 2]",
    );
  });

  it("a plugin with two different hooks, by the hook that the case names", async () => {
    const cases = definePlugin("cases", () => ({
      fromClient: (data) => data.pipe(map((chunk): Buffer => Buffer.from(chunk.toString("latin1").toUpperCase(), "latin1"))),
      fromUpstream: (data) => data.pipe(map((chunk): Buffer => Buffer.from(chunk.toString("latin1").toLowerCase(), "latin1"))),
    }));
    const changes = [
      { from: "aB", to: "AB" },
      { from: "aB", to: "ab", direction: "fromUpstream" as const },
    ];
    await passing((runner) => testPlugin(cases, { changes }, runner));
  });
});

describe("A table of testPlugin", () => {
  const plugin = definePlugin("plain", () => ({}), z.object({ a: z.number().optional() }));
  const refused = async (cases: unknown, options?: object): Promise<string> => {
    const error = await refusalOf(() => testPlugin(plugin, cases as never, { ...collectTests().runner, ...options }));
    return `${error.code} ${error.message}`;
  };

  it("is refused where it cannot be read, with the place", async () => {
    expect(await refused({ pases: ["a"] }))
      .to.include("SLUICE_TEST_INVALID")
      .and.include('"pases", did you mean "passes"?');
    expect(await refused({})).to.include("there is no case in it");
    expect(await refused({ passes: [5] }))
      .to.include("SLUICE_TEST_BYTES")
      .and.include("passes[0].bytes");
    expect(await refused({ passes: [{ options: {} }] })).to.include("passes[0].bytes: expected bytes, got undefined");
    expect(await refused({ changes: [{ from: "a", too: "b" }] })).to.include('changes[0]: there is no "too", did you mean "to"?');
    expect(await refused({ changes: [{ from: "a", to: "b", direction: "up" }] })).to.include("direction must be");
    expect(await refused({ closes: [{ bytes: "a" }] })).to.include("expected the code");
    expect(await refused({ passes: ["a"] }, { describe: null, it: null })).to.include("SLUICE_TEST_RUNNER");
  });

  it("registers a test with a title for each case, and with mocha's own functions where none are given", () => {
    const { runner, tests } = collectTests();
    testPlugin(
      plugin,
      {
        passes: ["a", { bytes: Buffer.from([0xff, 0]), options: { a: 1 } }],
        changes: [{ from: "a", to: "b", name: "my own", direction: "fromClient" }],
        rejects: [{ a: "x" }],
        closes: [{ bytes: "a", code: "SLUICE_RATE_LIMITED", direction: "fromUpstream" }],
      },
      runner,
    );
    expect(tests.map(({ title }) => title)).to.deep.equal([
      'passes "a"',
      'passes ff 00 with {"a":1}',
      "my own",
      'closes with SLUICE_RATE_LIMITED at "a" fromUpstream',
      'rejects {"a":"x"}',
    ]);
  });

  it("reports wrong options of a case, and a factory without a plugin", async () => {
    expect(
      (await failuresOf((runner) => testPlugin(plugin, { passes: [{ bytes: "a", options: { b: 1 } as never }] }, runner)))[0],
    ).to.include("SLUICE_CONFIG_INVALID");
    expect((await failuresOf((runner) => testPlugin(() => ({}) as never, { passes: ["a"] }, runner)))[0]).to.include("SLUICE_TEST_INVALID");
    expect((await refusalOf(() => testPlugin({} as never, { passes: ["a"] }))).code).to.equal("SLUICE_TEST_INVALID");
  });
});

// With mocha's own describe and it.
testPlugin(redact, {
  passes: ["call 123"],
  changes: [{ options: { digits: 4 }, from: "pin 1234", to: "pin ****" }],
  rejects: [{ digits: 0 }],
});
