import { expect } from "chai";
import { renameSync, symlinkSync, writeFileSync } from "node:fs";
import { ConfigLoader } from "../../support/config-loader.ts";
import { contentHash } from "../../../core/config/files/content-hash.ts";
import { FileWatcher } from "../../../core/config/watch/watcher.ts";
import { configFolder } from "./config-folder.ts";
import { failureOf } from "./failure.ts";

const config = (specifier: string): string =>
  `import { mark } from "${specifier}";
export default { listeners: { a: { listen: "tcp://127.0.0.1:0", plugins: [mark()] } } };
`;
const mark = (id: string): string => `import { definePlugin } from "sluice"; export const mark = definePlugin("${id}", () => ({}));`;

describe("symlinks to the modules of a config", () => {
  const files = configFolder();

  async function plugins(loader: ConfigLoader): Promise<{ names: string[]; origins: (string | undefined)[] }> {
    const loaded = await loader.load();
    loaded.retire();
    const uses = loaded.config.listeners.flatMap((listener) => listener.uses);
    return { names: uses.map(({ name }) => name), origins: uses.map(({ use }) => use.definition.origin) };
  }

  /** Lays a version out as Kubernetes does, and swaps it in. */
  function mount(version: string, content: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(content)) files.write({ [`${version}/${name}`]: text });
    symlinkSync(version, files.path("..data_tmp"));
    renameSync(files.path("..data_tmp"), files.path("..data"));
  }

  it("are followed: imports are resolved beside the real file, as Node does", async () => {
    const file = files.write({
      "proxy.config.ts": config("./mark.ts"),
      "real/mark.ts": `export { mark } from "./deep.ts";`,
      "real/deep.ts": mark("beside-the-file"),
      "deep.ts": mark("beside-the-link"),
    });
    symlinkSync("real/mark.ts", files.path("mark.ts"));
    const loader = new ConfigLoader(file);
    expect((await plugins(loader)).names).to.deep.equal(["beside-the-file"]);
    expect([...loader.files]).to.have.members([file, ...["mark.ts", "real/mark.ts", "real/deep.ts"].map((each) => files.path(each))]);
    for (const each of loader.files) expect(loader.hashes.get(each), each).to.equal(contentHash(each));
  });

  it("lead two imports to one module", async () => {
    const file = files.write({
      "proxy.config.ts": `import { mark } from "./mark.ts"; import { mark as same } from "./alias.ts";
        export default { listeners: { a: { listen: "tcp://127.0.0.1:0", plugins: [mark === same ? mark() : 1] } } };`,
      "mark.ts": mark("m"),
    });
    symlinkSync("mark.ts", files.path("alias.ts"));
    expect((await plugins(new ConfigLoader(file))).names).to.deep.equal(["m"]);
  });

  it("name the real file for a problem in it, and the given path for a problem of the whole config", async () => {
    files.write({ "real/proxy.config.ts": config("./gone.ts") });
    symlinkSync("real/proxy.config.ts", files.path("proxy.config.ts"));
    const loader = new ConfigLoader(files.path("proxy.config.ts"));
    expect((await failureOf(() => loader.load())).message).to.include(`${files.path("real/proxy.config.ts")}:1:22: `);
    expect([...loader.files]).to.include(files.path("real/gone.ts"));
    files.write({ "real/proxy.config.ts": "export default { listener: {} };" });
    expect((await failureOf(() => loader.load())).message).to.match(new RegExp(`^${files.path("proxy.config.ts")}: listener`));
  });

  it("of a ConfigMap: a swap is seen when only an imported module differs, and an unchanged plugin stays the same", async () => {
    const parts = { "proxy.config.ts": config("./mark.ts"), "mark.ts": mark("one") };
    mount("..v1", parts);
    symlinkSync("..data/proxy.config.ts", files.path("proxy.config.ts"));
    const loader = new ConfigLoader(files.path("proxy.config.ts"));
    const first = await plugins(loader);
    const watcher = new FileWatcher(() => changed(), { debounceMs: 10, pollMs: 600_000 });
    let changed = (): void => undefined;
    try {
      for (const [version, id] of Object.entries({ "..v2": "one", "..v3": "two" })) {
        const change = new Promise<void>((resolve) => (changed = resolve));
        const alive = setInterval(() => {}, 1000);
        watcher.watch(loader.files, loader.hashes);
        mount(version, { ...parts, "mark.ts": mark(id) });
        await change;
        clearInterval(alive);
        const next = await plugins(loader);
        expect(next.names).to.deep.equal([id]);
        expect(next.origins[0] === first.origins[0], "the same code").to.equal(id === "one");
      }
    } finally {
      watcher.close();
    }
  });

  it("of a folder on the way to the config: its swap is seen", async () => {
    files.write({ "v1/proxy.config.ts": config("./mark.ts"), "v1/mark.ts": mark("one") });
    files.write({ "v2/proxy.config.ts": config("./mark.ts"), "v2/mark.ts": mark("two") });
    symlinkSync("v1", files.path("current"));
    const loader = new ConfigLoader(files.path("current/proxy.config.ts"));
    await plugins(loader);
    const alive = setInterval(() => {}, 1000);
    await new Promise<void>((resolve) => {
      const watcher = new FileWatcher(
        () => {
          watcher.close();
          resolve();
        },
        { debounceMs: 10, pollMs: 600_000 },
      );
      watcher.watch(loader.files, loader.hashes);
      symlinkSync("v2", files.path("next"));
      renameSync(files.path("next"), files.path("current"));
    });
    clearInterval(alive);
    expect((await plugins(loader)).names).to.deep.equal(["two"]);
    // A link that is broken is no crash.
    symlinkSync("nowhere", files.path("broken"));
    writeFileSync(files.path("proxy.config.ts"), config("./broken"));
    expect((await failureOf(() => new ConfigLoader(files.path("proxy.config.ts")).load())).code).to.equal("SLUICE_CONFIG_IMPORT");
  });
});
