import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { contentHash } from "../../../core/config/files/content-hash.ts";
import { ConfigLoader } from "../../support/config-loader.ts";
import { configFolder } from "./config-folder.ts";
import { failureOf } from "./failure.ts";

const config = `import { value } from "./b.ts";\nexport default { listeners: { a: { listen: value } } };`;

// A reader of a FIFO waits for its writer, and the whole process with it: each of these tests would never end.
describe("A module of a config that is not an ordinary file", () => {
  const files = configFolder();

  const odd: Record<string, { readonly make: (file: string) => void; readonly says: string }> = {
    "a FIFO": { make: (file) => void execFileSync("mkfifo", [file]), says: "it is a FIFO, and no file" },
    "a folder": { make: (file) => void mkdirSync(file), says: "it is a folder, and no file" },
    "a huge file": {
      make: (file) => {
        files.write({ "huge.tmp": "" });
        execFileSync("mv", [files.path("huge.tmp"), file]);
        truncateSync(file, 2 ** 34);
      },
      says: "it is larger than 16 MiB",
    },
  };
  for (const [name, { make, says }] of Object.entries(odd)) {
    it(`is refused without waiting for it, from the start or later: ${name}`, async function () {
      if (process.platform === "win32") this.skip();
      const file = files.write({ "proxy.config.ts": config, "b.ts": `export const value = "tcp://127.0.0.1:0";` });
      const loader = new ConfigLoader(file);
      await loader.load();
      rmSync(file);
      make(file);
      for (const each of [loader, new ConfigLoader(file)]) {
        const error = await failureOf(() => each.load());
        expect(error.code).to.equal("SLUICE_CONFIG_NOT_FOUND");
        expect(error.message).to.include(`${file}: cannot be read: ${says}`);
      }
      expect(contentHash(file)).to.equal(undefined);
      rmSync(file, { recursive: true });
      files.write({ "proxy.config.ts": config });
      await loader.load();
    });
  }

  it("does not count as changed again and again behind a symlink", async function () {
    if (process.platform === "win32") this.skip();
    const [link, target] = [files.path("proxy.config.ts"), files.path("target")];
    execFileSync("mkfifo", [target]);
    symlinkSync(target, link);
    const loader = new ConfigLoader(link);
    expect((await failureOf(() => loader.load())).code).to.equal("SLUICE_CONFIG_NOT_FOUND");
    for (const file of loader.files) expect(loader.hashes.get(file), file).to.equal(contentHash(file));
  });

  it("is refused where it is imported", async function () {
    if (process.platform === "win32") this.skip();
    const file = files.write({ "proxy.config.ts": config });
    execFileSync("mkfifo", [files.path("b.ts")]);
    const error = await failureOf(() => new ConfigLoader(file).load());
    expect(error.message).to.include(`${file}:1:23: cannot find the module "./b.ts"`);
  });

  it("is loaded although others may write it if that is allowed, and the refusal says how", async function () {
    if (process.platform === "win32") this.skip();
    const file = files.write({ "proxy.config.ts": `export default { listeners: { a: { listen: "tcp://127.0.0.1:0" } } };` });
    chmodSync(file, 0o777);
    const error = await failureOf(() => new ConfigLoader(file).load());
    expect(error.message).to.include("--allow-unsafe-config").and.include("SLUICE_ALLOW_UNSAFE_CONFIG=1");
    process.env["SLUICE_ALLOW_UNSAFE_CONFIG"] = "1";
    try {
      await new ConfigLoader(file).load();
    } finally {
      delete process.env["SLUICE_ALLOW_UNSAFE_CONFIG"];
    }
  });
});
