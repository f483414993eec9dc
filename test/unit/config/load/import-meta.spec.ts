import { expect } from "chai";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { ConfigLoader } from "../../../support/config-loader.ts";
import { configFolder } from "../config-folder.ts";
import { failureOf } from "../failure.ts";

/** A config that hands out, as the value of a provider, what the expressions give. */
const config = (expressions: readonly string[], before = ""): string => `${before}
const given = [${expressions.join(", ")}];
export default { listeners: { a: { listen: "tcp://127.0.0.1:0" } }, providers: [{ token: "given", useValue: given }] };
`;

describe("import.meta in a config", () => {
  const files = configFolder();

  async function given(expressions: readonly string[], before?: string): Promise<unknown> {
    const loaded = await new ConfigLoader(files.write({ "proxy.config.ts": config(expressions, before) })).load();
    loaded.retire();
    const [provider] = loaded.config.providers;
    return provider !== undefined && "useValue" in provider ? provider.useValue : undefined;
  }

  it("says where the file is", async () => {
    const file = files.path("proxy.config.ts");
    expect(await given(["import.meta.url", "import.meta.filename", "import.meta.dirname"])).to.deep.equal([
      pathToFileURL(file).href,
      file,
      files.folder,
    ]);
  });

  it("resolves as Node does: to a URL, whether there is such a file or not", async () => {
    const specifiers = ["./gone.ts", "../x y.json", "file:///etc/hosts", "node:fs", "fs"];
    const url = (name: string): string => new URL(name, pathToFileURL(`${files.folder}/`)).href;
    expect(await given(specifiers.map((each) => `import.meta.resolve(${JSON.stringify(each)})`))).to.deep.equal([
      url("gone.ts"),
      url("../x%20y.json"),
      "file:///etc/hosts",
      "node:fs",
      "node:fs",
    ]);
  });

  it("exists in a file that begins with a shebang too, with correct places", async () => {
    expect(await given(["import.meta.filename"], "#!/usr/bin/env sluice\n")).to.deep.equal([files.path("proxy.config.ts")]);
    const broken = new ConfigLoader(files.write({ "proxy.config.ts": "#!/usr/bin/env sluice\nnope();" }));
    expect((await failureOf(() => broken.load())).message).to.include("proxy.config.ts:2:1: threw ReferenceError: nope");
  });

  it("resolves packages, the running Sluice among them", async () => {
    files.write({ "node_modules/far/index.js": "", "node_modules/far/package.json": `{ "name": "far", "main": "index.js" }` });
    const far = pathToFileURL(files.path("node_modules/far/index.js")).href;
    const own = pathToFileURL(createRequire(import.meta.url).resolve("sluice")).href;
    expect(await given([`import.meta.resolve("far")`, `import.meta.resolve("sluice")`])).to.deep.equal([far, own]);
  });

  it("throws at a package that is not installed, and can be passed on as a function", async () => {
    const attempt = `(() => { try { return resolve("not-installed"); } catch (error) { return error.code; } })()`;
    expect(await given([attempt], "const { resolve } = import.meta;\n")).to.deep.equal(["ERR_MODULE_NOT_FOUND"]);
  });
});
