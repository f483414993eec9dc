import { expect } from "chai";
import type { Observable } from "rxjs";
import { definePlugin, SluiceError } from "sluice";
import { carry, each } from "sluice/flow";
import { testPlugin, type PluginCases } from "sluice/testing";
import { z } from "zod";
import { redact } from "../../../../docs/examples/redact.ts";
import { badEndings } from "../../../support/bad-endings.ts";
import { badHabits } from "../../../support/bad-habits.ts";
import { badNeighbours } from "../../../support/bad-neighbours.ts";
import { badPlugins } from "../../../support/bad-plugins.ts";
import { badRarities } from "../../../support/bad-rarities.ts";
import { badSurroundings } from "../../../support/bad-surroundings.ts";
import { refusalOf } from "../../../support/rejection.ts";
import { collectTests, failuresOf } from "../../../support/table-runner.ts";

const text = "grüße, an äll\nof 12 you\xff\n and the rest";

describe("testPlugin finds a plugin that", () => {
  for (const { what, make, said } of [...badPlugins, ...badNeighbours, ...badHabits, ...badEndings, ...badRarities, ...badSurroundings]) {
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

  it("changes something of the process, and leaves it so", async () => {
    const marking = definePlugin("marking", () => ({ fromClient: (data) => ((process.env["MARKED"] = "yes"), data) }));
    try {
      const failures = await failuresOf((runner) => testPlugin(marking, { passes: ["hello"] }, runner));
      expect(failures.join("\n")).to.match(/it changes process\.env\.MARKED: the whole process shares this/);
    } finally {
      delete process.env["MARKED"];
    }
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
