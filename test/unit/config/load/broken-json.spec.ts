import { expect } from "chai";
import { ConfigLoader } from "../../../support/config-loader.ts";
import { configFolder } from "../config-folder.ts";
import { failureOf } from "../failure.ts";

describe("JSON that is not valid", () => {
  const files = configFolder();

  const broken: readonly (readonly [text: string, line: number, column: number, reason: string])[] = [
    [`{\n  "a": 1,\n}`, 3, 1, "Expected double-quoted property name in JSON"],
    [`{\n  "a": oops,\n  "b": 2\n}`, 2, 8, "Unexpected token 'o' in JSON"],
    [`{ "a": "[,\\"",\n  "b": [1, 2, ] }`, 2, 15, "Unexpected token ']' in JSON"],
    [`{ "a": [], "b": 'c' }`, 1, 17, "Unexpected token ''' in JSON"],
    [`// a comment\n{}`, 1, 1, "Unexpected token '/' in JSON"],
    [`{ "a": tru }`, 1, 8, "Unexpected token ' ' in JSON"],
    [`{ "a": {`, 1, 9, "Expected property name or '}' in JSON"],
    ["\n", 2, 1, "Unexpected end of JSON input"],
  ];
  for (const [text, line, column, reason] of broken) {
    it(`is reported with the place: ${JSON.stringify(text)}`, async () => {
      const file = files.write({ "proxy.config.ts": `import x from "./x.json";\nexport default x;`, "x.json": text });
      const error = await failureOf(() => new ConfigLoader(file).load());
      expect(error).to.include({ code: "SLUICE_CONFIG_SYNTAX", where: `${files.path("x.json")}:${line}:${column}`, detail: reason });
    });
  }
});
