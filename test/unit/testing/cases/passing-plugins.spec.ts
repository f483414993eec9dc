import { expect } from "chai";
import { delay, filter, map } from "rxjs";
import { CLOCK, definePlugin, SluiceError, type PluginUse } from "sluice";
import { carry, each } from "sluice/flow";
import { dnsCache, echo, http, logging, rateLimit, retry, tlsTermination } from "sluice/plugins";
import { testPlugin, type PluginCases } from "sluice/testing";
import { gather } from "../../../../docs/examples/gather.ts";
import { lines } from "../../../../docs/examples/lines.ts";
import { redact } from "../../../../docs/examples/redact.ts";
import { shout } from "../../../../docs/examples/shout.ts";
import { failuresOf } from "../../../support/table-runner.ts";

const text = "grüße, an äll\nof 12 you\xff\n and the rest";

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

  it("a plugin that refuses the input in the other direction", async () => {
    const guard = definePlugin("guard", () => ({
      fromClient: (data) =>
        data.pipe(
          each(() => {
            throw new SluiceError("SLUICE_CLIENT_REJECTED", "clients say nothing");
          }),
        ),
      fromUpstream: (data) => data.pipe(each((chunk) => chunk)),
    }));
    const cases: PluginCases = {
      passes: [{ bytes: "hello", direction: "fromUpstream" }],
      closes: [{ bytes: "hello", code: "SLUICE_CLIENT_REJECTED" }],
    };
    expect(await failuresOf((runner) => testPlugin(guard, cases, runner))).to.deep.equal([]);
  });

  it("a row of a hundred kilobytes", async () => {
    const long = Buffer.alloc(100_000, "a line of text\n");
    expect(
      await failuresOf((runner) => testPlugin(redact, { passes: [{ bytes: long, direction: "fromUpstream" }] }, runner)),
    ).to.deep.equal([]);
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
