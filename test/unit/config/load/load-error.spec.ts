import { expect } from "chai";
import { ConfigLoader } from "../../../support/config-loader.ts";
import type { SluiceError } from "../../../../core/contract/index.ts";
import { configFolder } from "../config-folder.ts";
import { failureOf } from "../failure.ts";

describe("A name that is used before it is declared", () => {
  const files = configFolder();
  const failure = async (content: Readonly<Record<string, string>>): Promise<SluiceError> => {
    const error = await failureOf(() => new ConfigLoader(files.write(content)).load());
    expect(error.code).to.equal("SLUICE_CONFIG_THREW");
    return error;
  };

  it("is reported with its circle of imports, at the place that reads it", async () => {
    const { message } = await failure({
      "proxy.config.ts": `import { a } from "./a.ts"; export default a;`,
      "a.ts": `import { b } from "./b.ts";\nexport const a = b + 1;`,
      "b.ts": `import { c } from "./c.ts";\nexport const b = c + 1;`,
      "c.ts": `import { a } from "./a.ts";\nexport const c =\n  a + 1;`,
    });
    expect(message).to.include(`${files.path("c.ts")}:3:3: `);
    expect(message).to.include("in a circle: a.ts -> b.ts -> c.ts -> a.ts.");
  });

  it("is reported in the same way for decorated classes that name each other in constructor types", async () => {
    const { message } = await failure({
      "d.ts": `import "./e.ts"; export default {};`,
      "e.ts": `import { injectable } from "tsyringe"; import { F } from "./f.ts"; @injectable() export class E { constructor(f: F) {} }`,
      "f.ts": `import { injectable } from "tsyringe"; import { E } from "./e.ts"; @injectable() export class F { constructor(e: E) {} }`,
    });
    expect(message)
      .to.include(`${files.path("f.ts")}:1:`)
      .and.include("e.ts -> f.ts -> e.ts")
      .and.include("`import type`");
  });

  it("is reported as used too early if there is no circle", async () => {
    const { message } = await failure({ "proxy.config.ts": `export default { a: port };\nconst port = 0;` });
    expect(message)
      .to.include(`${files.path("proxy.config.ts")}:1:`)
      .and.include("used above the line that declares it")
      .and.not.include("circle");
  });
});

describe("A value that a config throws", () => {
  const files = configFolder();
  const odd: Readonly<Record<string, string>> = {
    "without a readable message": `throw Object.defineProperty(new Error(), "message", { get() { throw new Error("evil"); } });`,
    "without a readable stack": `throw Object.defineProperty(new Error("x"), "stack", { get() { throw new Error("evil"); } });`,
    "whose message is an object": `throw Object.assign(new Error(), { message: { code: 1 } });`,
    "that cannot even be compared": `throw new Proxy({}, { getPrototypeOf() { throw new Error("evil"); } });`,
    "with a message of megabytes": `throw new Error("x".repeat(5_000_000));`,
  };
  for (const [what, text] of Object.entries(odd)) {
    it(`${what} refuses the config with a message of its own`, async () => {
      const error = await failureOf(() => new ConfigLoader(files.write({ "proxy.config.ts": text })).load());
      expect(error.code).to.equal("SLUICE_CONFIG_THREW");
      expect(error.message).to.include(files.path("proxy.config.ts")).and.have.length.below(10_000);
    });
  }
});
