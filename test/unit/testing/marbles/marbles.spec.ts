import { expect as expectThat } from "chai";
import { interval, map, startWith } from "rxjs";
import { CLOCK, definePlugin, LOGGER, socketAddress, SluiceError } from "sluice";
import { carry, delayBytes, each, inject as putInto } from "sluice/flow";
import { retry } from "sluice/plugins";
import { marbles, type MarbleTest } from "sluice/testing";
import { gather } from "../../../../docs/examples/gather.ts";
import { heartbeat } from "../../../../docs/examples/heartbeat.ts";
import { refusalOf } from "../../../support/rejection.ts";

const plain = definePlugin("plain", () => ({ fromClient: (data) => data.pipe(each((chunk) => chunk)) }));
const messageOf = async (work: () => unknown): Promise<string> => (await refusalOf(work)).message;

describe("marbles", () => {
  it("show the output of a hook, and its times", async () => {
    await marbles(gather({ bytes: 7, wait: "10ms" }), (test) => {
      const given = { a: "on", b: "e ", c: "two", d: "late", e: "last" };
      const out = test.fromClient("ab--c 20ms d 20ms a(e|)", given);
      const wanted = { x: "one two", y: "late", z: "onlast" };
      test.expect(out).toBe("----x 30ms y 11ms (z|)", wanted);
    });
  });

  it("read a letter without a value as that byte, and pass data on if the plugin has no such hook", async () => {
    await marbles(plain(), ({ fromClient, fromUpstream, expect }) => {
      expect(fromClient("a-(bc)-|")).toBe("a-(bc)-|");
      expect(fromUpstream("a 20ms b|", { a: "he", b: "llo" })).toBe("x 20ms y|", { x: Buffer.from("he"), y: "llo" });
    });
  });

  it("move the plugin's CLOCK, and the operators of RxJS and of sluice/flow", async () => {
    const slow = definePlugin("slow", () => ({ fromClient: (data) => data.pipe(delayBytes(20)) }));
    await marbles(slow(), ({ fromClient, expect }) => {
      expect(fromClient("a 9ms b 30ms |")).toBe("20ms a 9ms b 10ms |");
    });
    await marbles(heartbeat({ every: "15s", text: "." }), ({ fromUpstream, expect, clock }) => {
      expectThat(clock.now()).to.equal(0);
      expect(fromUpstream("a 35s (b|)")).toBe("a 14999ms . 14999ms . 5s (b|)");
    });
  });

  it("end even if a heartbeat never ends, and notice late output", async () => {
    const beat = definePlugin("beat", (_options, inject) => {
      const clock = inject(CLOCK);
      return { fromUpstream: (data) => data.pipe(putInto(interval(50_000, clock).pipe(map((): Buffer => Buffer.from("."))))) };
    });
    const message = await messageOf(() =>
      marbles(beat(), ({ fromUpstream, expect }) => {
        expect(fromUpstream("a")).toBe("a");
      }),
    );
    expectThat(message).to.match(/! +\| +50000 ms {2}"\."/);
  });

  it("run the connect hook on attempts", async () => {
    await marbles(retry({ jitter: "none" }), ({ upstream, expect }) => {
      expect(upstream("-#", "-#", "-(u|)")).toBe("303ms (u|)");
    });
    await marbles(retry({ attempts: 2, jitter: "none" }), ({ upstream, expect }) => {
      expect(upstream("-#")).toBe("102ms #", undefined, "SLUICE_UPSTREAM_REFUSED");
    });
  });

  it("expect errors by their code or their text, or any", async () => {
    const failing = definePlugin("failing", () => ({
      fromClient: (data) =>
        data.pipe(
          each((chunk) => {
            if (chunk.equals(Buffer.from("x"))) throw new SluiceError("SLUICE_RATE_LIMITED", "too much");
            throw new Error("broken");
          }),
        ),
    }));
    await marbles(failing(), ({ fromClient, expect }) => {
      expect(fromClient("-x")).toBe("-#");
      expect(fromClient("-x")).toBe("-#", undefined, "SLUICE_RATE_LIMITED");
      expect(fromClient("-a")).toBe("-#", undefined, "broken");
    });
    const message = await messageOf(() =>
      marbles(failing(), ({ fromClient, expect }) => {
        expect(fromClient("-a")).toBe("-#", undefined, "SLUICE_RATE_LIMITED");
      }),
    );
    expectThat(message).to.include("fails: SLUICE_RATE_LIMITED").and.include("fails: broken");
  });

  it("provide a session, whose properties can be replaced, and the values that the plugin injects", async () => {
    const token = Symbol.for("test.greeting");
    const greeting = definePlugin("greeting", (_options, inject) => {
      const words = inject<string>(token);
      inject(LOGGER).info("made");
      return { fromUpstream: (data, { client }) => data.pipe(startWith(Buffer.from(`${words} ${client.address}`))) };
    });
    await marbles(
      greeting(),
      ({ fromUpstream, expect, session }) => {
        expectThat(session.notes.size).to.equal(0);
        expect(fromUpstream("-|")).toBe("g|", { g: "hello 192.0.2.7" });
      },
      { providers: [{ token, useValue: "hello" }], session: { client: socketAddress("192.0.2.7", 5_000, "IPv4") } },
    );
  });

  it("wait for a setup that returns a promise, and tear down", async () => {
    const steps: string[] = [];
    const patient = definePlugin("patient", () => ({
      setup: async () => {
        await new Promise(setImmediate);
        steps.push("setup");
      },
      teardown: () => void steps.push("teardown"),
    }));
    await marbles(patient(), ({ fromClient, expect }) => {
      steps.push("test");
      expect(fromClient("a|")).toBe("a|");
    });
    expectThat(steps).to.deep.equal(["setup", "test", "teardown"]);
  });

  it("throw on a difference, with both sides in time, hex and text", async () => {
    const message = await messageOf(() =>
      marbles(plain(), ({ fromClient, expect }) => {
        expect(fromClient("a-b|", { a: "same", b: "left\u0000" })).toBe("a--b|", { a: "same", b: "leff\u0000" });
      }),
    );
    expectThat(message).to.include("SLUICE_TEST_FAILED");
    expectThat(message).to.match(/ {5}0 ms {2}"same" +\| +0 ms {2}"same"/);
    expectThat(message).to.match(/! +3 ms {2}"leff\\u0000" +\| +2 ms {2}"left\\u0000"/);
    expectThat(message).to.match(/! 000000 {2}6c 65 66 66 00 +leff\. +\| 6c 65 66 74 00 +left\./);
  });

  it("run a carry, which ends with its input", async () => {
    const counted = definePlugin("counted", () => ({
      fromClient: (data) =>
        data.pipe(carry({ start: () => ({ n: 0 }), step: (s) => ((s.n += 1), null), end: (s) => Buffer.from(String(s.n)) })),
    }));
    await marbles(counted(), ({ fromClient, expect }) => {
      expect(fromClient("ab 5ms c|")).toBe("-- 5ms -(n|)", { n: "3" });
    });
  });
});

describe("A test of marbles that would compare nothing", () => {
  const wrong: Readonly<Record<string, readonly [test: (given: MarbleTest) => unknown, says: string]>> = {
    "returns a promise": [
      ({ fromClient, expect }) => Promise.resolve().then(() => expect(fromClient("a")).toBe("b")),
      "returned a promise",
    ],
    "expects without toBe": [({ fromClient, expect }) => void expect(fromClient("a")), "without toBe"],
    "expects of what is no Observable": [({ expect }) => expect(undefined as never).toBe("a"), "expected an Observable"],
    "has null for values": [({ fromClient }) => fromClient("a", null as never), "expected the bytes of each letter"],
  };
  for (const [what, [test, says]] of Object.entries(wrong))
    it(`is refused: one that ${what}`, async () => {
      expectThat(await messageOf(() => marbles(plain(), test))).to.include(says);
    });

  it("is refused: one that goes on when it is over", async () => {
    let later: MarbleTest | undefined;
    await marbles(plain(), (given) => (later = given));
    expectThat(await messageOf(() => later?.fromClient("a"))).to.include("the test is over");
  });
});

describe("A marble diagram that cannot be read", () => {
  const wrong: readonly (readonly [string, string])[] = [
    ["a 20ms|", "a span of time such as 20ms must be between spaces"],
    ["a20ms b", "must be between spaces"],
    ["a(b", "this group is not closed"],
    ["a)b", "there is no group to close"],
    ["((a))", "a group within a group"],
    ["(a-b)", "no time passes within a group"],
    ["a|b", "nothing comes after |"],
    ["a#b", "nothing comes after #"],
    ["-^-a", '"^" has no meaning here'],
    ["a 20 ms b", "20 ms is not a span of time: expected a span such as 20ms"],
    ["a 2d b", "2d is not a span of time"],
    ["a\tb", "has no meaning here"],
  ];
  for (const [text, why] of wrong)
    it(`is refused, with the place: ${text}`, async () => {
      const error = await refusalOf(() => marbles(plain(), ({ fromClient }) => void fromClient(text)));
      expectThat(error.code).to.equal("SLUICE_TEST_MARBLE");
      expectThat(error.message).to.include(why).and.include(`\n  ${text}\n`);
    });

  it("is one with a letter without a value, or with a value that is not bytes", async () => {
    expectThat(await messageOf(() => marbles(plain(), ({ fromClient }) => void fromClient("ab", { a: "x" })))).to.include(
      'no value for "b"',
    );
    expectThat(await messageOf(() => marbles(plain(), ({ fromClient }) => void fromClient("a", { a: 5 as never })))).to.include(
      "SLUICE_TEST_BYTES",
    );
    expectThat(await messageOf(() => marbles(plain(), ({ upstream }) => void upstream("u")))).to.include("no connect hook");
    expectThat(await messageOf(() => marbles(plain(), ({ expect, fromClient }) => expect(fromClient("a")).toBe(5 as never)))).to.include(
      "SLUICE_TEST_MARBLE",
    );
  });
});
