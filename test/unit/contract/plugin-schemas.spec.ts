import { expect } from "chai";
import { definePlugin, duration, type PluginFactory, type PluginUse, type SluiceConfig } from "sluice";
import { z } from "zod";
import { resolveConfig } from "../../support/resolve-config.ts";

const make = (): object => ({});
const config = (use: PluginUse): SluiceConfig => ({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [use] } } });

/** What a config is refused with that uses a plugin so; empty when it is accepted. */
function refusal(use: PluginUse): string {
  try {
    resolveConfig(config(use));
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const loose = definePlugin("p", make, z.looseObject({ a: z.number() }));
const caught = definePlugin("p", make, z.object({}).catchall(z.number()));
const record = definePlugin("p", make, z.record(z.string(), z.number()));
const anything = definePlugin("p", make, z.any());
const either = definePlugin("p", make, z.union([z.object({ a: z.number() }), z.object({ b: z.string() })]));
const tagged = definePlugin(
  "p",
  make,
  z.discriminatedUnion("kind", [z.object({ kind: z.literal("a"), a: z.number() }), z.object({ kind: z.literal("b") })]),
);
const both = definePlugin("p", make, z.intersection(z.object({ a: z.number() }), z.object({ b: z.string() })));
const piped = definePlugin(
  "p",
  make,
  z.object({ a: z.number() }).transform(({ a }) => a),
);
const closed = definePlugin("p", make, z.object({ a: z.number().optional() }));
const wanting = definePlugin(
  "p",
  make,
  z.object({ any: z.any(), of: z.object({ per: duration(), own: z.custom((value) => value === 1) }) }),
);

/** As an author writes it beside a schema, for its docstrings. */
interface Listed {
  readonly names?: readonly string[];
  readonly by?: Readonly<Record<string, { readonly at: readonly number[] }>>;
}

describe("The schema of a plugin", () => {
  const accepted: Record<string, PluginUse> = {
    "a loose object": loose({ a: 1, b: 2, enabled: true }),
    "an object with a catch-all": caught({ x: 1 }),
    "a record": record({ x: 1, name: "n" }),
    anything: anything({ x: 1 }),
    "nothing of anything": anything(),
    "a union": either({ b: "b" }),
    "a discriminated union": tagged({ kind: "a", a: 1 }),
    "an intersection": both({ a: 1, b: "b", onError: "bypass" }),
    "a transformed object": piped({ a: 1 }),
  };
  for (const [name, use] of Object.entries(accepted)) {
    it(`may be of any kind: ${name}`, () => {
      expect(refusal(use)).to.equal("");
    });
  }

  it("takes the read-only lists and objects of an interface", () => {
    const of = z.object({
      names: z.array(z.string()).optional(),
      by: z.record(z.string(), z.object({ at: z.array(z.number()) })).optional(),
    });
    const listed: PluginFactory<Listed> = definePlugin("p", make, of);
    const names = ["a", "b"] as const;
    expect(refusal(listed({ names, by: { a: { at: [1] } } }))).to.equal("");
    expect(refusal(definePlugin("p", make, of)({ names }))).to.equal("");
  });

  const refused: Record<string, readonly [PluginUse, string]> = {
    "an unknown key": [closed({ b: 1 } as object), "plugins[0].b: unknown option"],
    "a loose object's own": [loose({ a: "1" } as never), 'plugins[0].a: expected a number, got "1"'],
    "a value of a record": [record({ x: "1" }), 'plugins[0].x: expected a number, got "1"'],
    "an unknown tag": [tagged({ kind: "c" } as never), "plugins[0].kind: "],
    "a union's likely branch": [either({ a: "1" } as never), "plugins[0].a: expected a number"],
    "anything that is missing": [wanting({ of: { per: 1, own: 1 } } as never), "plugins[0].any: expected a value, but it is missing"],
    "a duration that is missing": [wanting({ any: 1, of: { own: 1 } } as never), "plugins[0].of.per: expected a duration"],
    "a value of one's own that is missing": [
      wanting({ any: 1, of: { per: 1 } } as never),
      "plugins[0].of.own: expected a valid value, but it is missing",
    ],
  };
  for (const [name, [use, says]] of Object.entries(refused)) {
    it(`refuses with the option's path: ${name}`, () => {
      expect(refusal(use)).to.include(`listeners.web.${says}`).and.not.include("nonoptional");
    });
  }
});
