import { expect } from "chai";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";
import { failureOf } from "./failure.ts";

const field = `class Held { accessor own = 1; static accessor shared = 2; accessor #hidden = 3; get hidden() { return this.#hidden; } }
export const accessor = [new Held().own, Held.shared, new Held().hidden];`;

describe("Accessor fields of classes", () => {
  const files = configFolder();

  async function given(name: string, text: string): Promise<unknown> {
    const config = `import { accessor } from "./${name}";
      export default { listeners: { a: { listen: "tcp://127.0.0.1:0" } }, providers: [{ token: "given", useValue: accessor }] };`;
    const loaded = await new ConfigLoader(files.write({ "proxy.config.ts": config, [name]: text })).load();
    loaded.retire();
    const [provider] = loaded.config.providers;
    return provider !== undefined && "useValue" in provider ? provider.useValue : undefined;
  }

  for (const name of ["a.ts", "a.mts", "a.js"])
    it(`are fields with a getter and a setter: ${name}`, async () => {
      expect(await given(name, field)).to.deep.equal([1, 2, 3]);
    });

  it("may be decorated as the standard says, in a class whose other decorators are those that tsyringe needs", async () => {
    const text = `import { injectable } from "tsyringe";
      const kinds: string[] = [];
      const standard = (_: unknown, { kind }: { kind: string }): void => void kinds.push(kind);
      const legacy = (_: unknown, name: string): void => void kinds.push(name);
      class Other {}
      @injectable() class A { @standard accessor a = 1; @legacy method() {} constructor(readonly other: Other) {} }
      export const accessor = [...kinds, Reflect.getMetadata("design:paramtypes", A)[0] === Other];`;
    expect(await given("a.ts", text)).to.deep.equal(["accessor", "method", true]);
  });

  it("leave errors their places", async () => {
    const text = `interface A { a: 1 }\nclass Held { accessor a = 1; }\nexport const accessor = new Held();\nif (accessor.a)\n  throw new Error("here");`;
    expect((await failureOf(() => given("a.ts", text))).where).to.equal(`${files.path("a.ts")}:5:9`);
  });
});
