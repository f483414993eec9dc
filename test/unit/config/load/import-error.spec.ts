import { expect } from "chai";
import { ConfigLoader } from "../../../support/config-loader.ts";
import { configFolder } from "../config-folder.ts";
import { failureOf } from "../failure.ts";

describe("An import that leads nowhere", () => {
  const files = configFolder();

  it("is reported with the advice to use forward slashes when it has backslashes", async () => {
    const file = files.write({ "proxy.config.ts": String.raw`import { a } from ".\\plugins\\a.ts"; export default a;` });
    const error = await failureOf(() => new ConfigLoader(file).load());
    expect(error.code).to.equal("SLUICE_CONFIG_IMPORT");
    expect(error.message).to.include(`${file}:1:19: cannot find the module`).and.include('forward slashes: "./plugins/a.ts"');
  });

  it("is reported without the module that packages are imported through", async () => {
    const file = files.write({ "a/proxy.config.ts": `import { a } from "#a.ts"; export default a;` });
    expect((await failureOf(() => new ConfigLoader(file).load())).message).to.not.include("sluice-import");
  });

  it("is reported as no entry of Sluice, with the one that was meant", async () => {
    const file = files.write({ "proxy.config.ts": `import { a } from "sluice/plugin"; export default a;` });
    const error = await failureOf(() => new ConfigLoader(file).load());
    expect(error.code).to.equal("SLUICE_CONFIG_IMPORT");
    expect(error.message).to.include(`${file}:1:19: cannot load "sluice/plugin": there is no such entry, did you mean "sluice/plugins"?`);
    files.write({ "proxy.config.ts": `import { a } from "sluice/web"; export default a;` });
    const other = await failureOf(() => new ConfigLoader(file).load());
    expect(other.message).to.include(
      'cannot load "sluice/web": there is no such entry, expected one of sluice, sluice/flow, sluice/plugins',
    );
  });
});
