import { expect } from "chai";
import { ConfigLoader } from "../../../support/config-loader.ts";
import { configFolder } from "../config-folder.ts";
import { failureOf } from "../failure.ts";

describe("A file that ends too early", () => {
  const files = configFolder();
  const cases: readonly (readonly [text: string, line: number, column: number])[] = [
    ["const a = 1;\nexport default { a, b: {\n\n", 2, 25],
    ["export default [\n  1,\n", 2, 5],
    ["if (true) {\n  f();\n", 2, 7],
    ["f(", 1, 3],
    ["/* a\nexport default 1;", 2, 18],
  ];
  for (const [text, line, column] of cases) {
    it(`is reported at its end: ${JSON.stringify(text)}`, async () => {
      const file = files.write({ "proxy.config.ts": text });
      const error = await failureOf(() => new ConfigLoader(file).load());
      expect(error).to.include({ code: "SLUICE_CONFIG_SYNTAX", where: `${file}:${line}:${column}` });
    });
  }

  it("is reported where a text of several lines begins", async () => {
    const file = files.write({ "proxy.config.ts": "\nconst a = `b;\nexport default a;" });
    expect((await failureOf(() => new ConfigLoader(file).load())).where).to.match(/:2:\d+$/);
  });
});
