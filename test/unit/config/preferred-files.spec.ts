import { expect } from "chai";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";

const kinds: Record<string, { readonly there: string; readonly imports: string; readonly better: string }> = {
  "the source of a .js file": { there: "value.js", imports: "./value.js", better: "value.ts" },
  "a file with the name of a folder": { there: "value/index.ts", imports: "./value", better: "value.ts" },
  "an earlier path of a tsconfig.json": { there: "gen/value.ts", imports: "@/value", better: "src/value.ts" },
};

describe("A file that an import would prefer", () => {
  const files = configFolder();
  const value = (text: string): string => `export const value = "${text}";`;

  for (const [name, { there, imports, better }] of Object.entries(kinds)) {
    it(`is awaited, and taken when it appears: ${name}`, async () => {
      const entry = files.write({
        "proxy.config.ts": `import { value } from "${imports}"; export default { listeners: { [value]: { listen: "tcp://127.0.0.1:0" } } };`,
        "tsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./src/*", "./gen/*"] } } }`,
        [there]: value("first"),
      });
      const loader = new ConfigLoader(entry);
      const names = async (): Promise<string[]> => {
        const loaded = await loader.load();
        loaded.retire();
        return loaded.config.listeners.map((listener) => listener.name);
      };
      expect(await names()).to.deep.equal(["first"]);
      expect([...loader.files]).to.include(files.path(better));
      expect([...loader.hashes]).to.deep.include([files.path(better), undefined]);
      files.write({ [better]: value("second") });
      expect(await names()).to.deep.equal(["second"]);
    });
  }
});
