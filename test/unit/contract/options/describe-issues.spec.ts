import { expect } from "chai";
import { z } from "zod";
import { describeIssues, optionPath, shown } from "../../../../core/contract/options/describe-issues.ts";
import { duration, size } from "../../../../core/contract/options/units.ts";

function problemsOf(schema: z.ZodType, input: unknown): string[] {
  const result = schema.safeParse(input);
  return describeIssues(input, result.error?.issues ?? [], schema).map(({ path, message }) => `${path}: ${message}`);
}

describe("what a message shows of a value", () => {
  const values: readonly (readonly [unknown, string])[] = [
    ["short", '"short"'],
    ["a".repeat(60), `"${"a".repeat(60)}"`],
    ["a".repeat(61), `"${"a".repeat(60)}…"`],
    ["redis://user:pw@cache:6379", '"redis://***@cache:6379"'],
    ["-----BEGIN PRIVATE KEY-----\nsecret", "PEM text"],
    [[], "an empty array"],
    [[1], "an array"],
    [Promise.resolve(), "a promise (await it)"],
    [() => undefined, "a function"],
    [{ secret: 1 }, "an object"],
    [null, "null"],
  ];
  for (const [value, text] of values) it(`is ${text}`, () => expect(shown(value)).to.equal(text));
});

describe("an option's path", () => {
  it("has indexes and odd keys in brackets", () => {
    expect(optionPath(["listeners", "web", "plugins", 0, "odd key"])).to.equal('listeners.web.plugins[0]["odd key"]');
  });
});

describe("the problems of an input", () => {
  it("say the bound that was missed, and what came", () => {
    const schema = z.object({
      few: z.array(z.string()).min(2),
      least: z.number().min(3),
      most: z.number().max(4),
      above: z.number().positive(),
    });
    expect(problemsOf(schema, { few: ["a"], least: 2, most: 5, above: 0 })).to.deep.equal([
      "few: expected at least 2 entries, got an array",
      "least: expected at least 3, got 2",
      "most: expected at most 4, got 5",
      "above: expected more than 0, got 0",
    ]);
  });

  it("say that a size or a duration is missing, and nothing of the kind of an object that a rule of its own is about", () => {
    const wide = z.object({ width: z.number() }).refine(({ width }) => width > 1, { error: "too narrow: make it wider" });
    const schema = z.object({
      rate: size(),
      per: duration(),
      door: wide,
      gate: z.number().refine((width) => width > 1, { error: "too narrow" }),
    });
    expect(problemsOf(schema, { door: { width: 1 }, gate: 1 })).to.deep.equal([
      'rate: expected a size such as "64KiB" or "10MiB", or bytes, but it is missing',
      'per: expected a duration such as "250ms", "5s" or "2m", or milliseconds, but it is missing',
      "door: too narrow: make it wider",
      "gate: too narrow, got 1",
    ]);
  });

  it("list the options beside an unknown one, if the schema shows them", () => {
    const inner = z.strictObject({ endpoints: z.string() });
    const hidden = z.unknown().transform((given, context) => {
      for (const issue of inner.safeParse(given).error?.issues ?? []) context.issues.push({ ...issue, input: given } as never);
    });
    const schema = z.object({ shown: inner.partial(), none: z.strictObject({}), hidden });
    expect(problemsOf(schema, { shown: { x: 1 }, none: { x: 1 }, hidden: { endpoints: "a", x: 1 } })).to.deep.equal([
      "shown.x: unknown option, expected one of endpoints",
      "none.x: unknown option: it takes none",
      "hidden.x: unknown option",
    ]);
  });

  it("say what is wrong with a name in a record", () => {
    const schema = z.object({
      users: z.record(
        z.string().refine((name) => !name.includes(":"), { error: "expected a name without a colon" }),
        z.string(),
      ),
    });
    expect(problemsOf(schema, { users: { "a:b": "c" } })).to.deep.equal([
      'users["a:b"]: its name is not valid: expected a name without a colon, got "a:b"',
    ]);
  });

  it("show no secret, but the options of a listener that is named like one", () => {
    const text = z.string().min(40);
    const schema = z.object({
      admin: z.object({ token: text }),
      users: z.record(z.string(), text),
      listeners: z.record(z.string(), z.object({ listen: text })),
    });
    const given = { admin: { token: "t0p" }, users: { bob: "builder", eve: 7 }, listeners: { token: { listen: "tcp://a" } } };
    expect(problemsOf(schema, given)).to.deep.equal([
      "admin.token: expected at least 40 characters, got a string that is not shown",
      "users.bob: expected at least 40 characters, got a string that is not shown",
      "users.eve: expected a string, got a number that is not shown",
      'listeners.token.listen: expected at least 40 characters, got "tcp://a"',
    ]);
  });

  it("follow the branch of a union that the input was meant for, and list the branches when none fits", () => {
    const schema = z.object({ tls: z.union([z.boolean(), z.object({ ca: z.string() })]) });
    expect(problemsOf(schema, { tls: { ca: 1 } })).to.deep.equal(["tls.ca: expected a string, got 1"]);
    expect(problemsOf(schema, { tls: 1 })).to.deep.equal(["tls: expected a boolean, or an object, got 1"]);
  });

  it("name the options of an object beside an array of others, and not those of its entries", () => {
    const upstream = z.strictObject({
      health: z.strictObject({ check: z.string() }),
      endpoints: z.array(z.strictObject({ weight: z.number() })),
    });
    const schema = z.object({ upstream: z.union([z.string(), z.array(z.strictObject({ address: z.string() })), upstream]) });
    const given = { upstream: { health: { check: "tcp", odd: 1 }, endpoints: [{ weight: 1, odd: 1 }] } };
    expect(problemsOf(schema, given)).to.deep.equal([
      "upstream.health.odd: unknown option, expected one of check",
      "upstream.endpoints[0].odd: unknown option, expected one of weight",
    ]);
  });

  it("name the option that is meant by a word of other proxies, where it is known", () => {
    const schema = z.object({
      admin: z.strictObject({ listen: z.string().optional(), hosts: z.string().optional() }),
      web: z.strictObject({ listen: z.string().optional(), upstream: z.string().optional() }),
      endpoint: z.strictObject({ address: z.string().optional() }),
      other: z.strictObject({ hosts: z.string().optional() }),
    });
    const given = { admin: { host: 1 }, web: { port: 1, target: 1, backends: 1 }, endpoint: { port: 1 }, other: { host: 1 } };
    expect(problemsOf(schema, given)).to.deep.equal([
      'admin.host: unknown option, did you mean "listen"?',
      'web.port: unknown option, did you mean "listen"?',
      'web.target: unknown option, did you mean "upstream"?',
      'web.backends: unknown option, did you mean "upstream"?',
      'endpoint.port: unknown option, did you mean "address"?',
      'other.host: unknown option, did you mean "hosts"?',
    ]);
  });

  it("name the nearest known word", () => {
    const schema = z.strictObject({ mode: z.enum(["swap", "keep"]) });
    expect(problemsOf(schema, { mode: "swop", moda: 1 })).to.deep.equal([
      'mode: expected one of "swap", "keep", got "swop", did you mean "swap"?',
      'moda: unknown option, did you mean "mode"?',
    ]);
  });
});
