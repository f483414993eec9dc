import { expect } from "chai";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { ConfigLoader } from "../../../support/config-loader.ts";
import { contentHash } from "../../../../core/config/files/content-hash.ts";
import { FileWatcher, type FileWatcherOptions } from "../../../../core/config/watch/watcher.ts";
import { eventually } from "../../../support/eventually.ts";
import { configFolder } from "../config-folder.ts";

describe("FileWatcher", () => {
  const files = configFolder();
  let watcher: FileWatcher | undefined;
  let changes: string[][] = [];
  let tell: (() => void) | undefined;

  afterEach(() => watcher?.close());

  function watch(
    paths: readonly string[],
    options: FileWatcherOptions = { debounceMs: 10, pollMs: 600_000 },
    hashes?: ReadonlyMap<string, string | undefined>,
  ): void {
    changes = [];
    watcher = new FileWatcher((changed) => {
      changes.push(changed);
      tell?.();
    }, options);
    watcher.watch(paths, hashes);
  }

  /** The next change; mocha's own time limit is the bound. The timer keeps the process up, as the watcher must not. */
  async function nextChange(): Promise<string[]> {
    const alive = setInterval(() => {}, 1000);
    while (changes.length === 0) await new Promise<void>((resolve) => (tell = resolve));
    clearInterval(alive);
    return changes.shift() ?? [];
  }

  it("sees a save in place, a rename into place, and a removal with a new file", async () => {
    const file = files.write({ "a.ts": "1" });
    watch([file]);
    writeFileSync(file, "2");
    expect(await nextChange()).to.deep.equal([file]);
    writeFileSync(`${file}.tmp`, "3");
    renameSync(`${file}.tmp`, file);
    expect(await nextChange()).to.deep.equal([file]);
    unlinkSync(file);
    expect(await nextChange()).to.deep.equal([file]);
    writeFileSync(file, "4");
    expect(await nextChange()).to.deep.equal([file]);
  });

  it("does not report a touch or a save of the same text as a change", async () => {
    const [file, other] = [files.write({ "a.ts": "1" }), files.write({ "b.ts": "1" })];
    watch([file, other]);
    writeFileSync(file, "1");
    utimesSync(file, 1, 1);
    writeFileSync(other, "2");
    expect(await nextChange()).to.deep.equal([other]);
  });

  it("reports a touch, a save of the same text and other permissions as a change if asked to, each once", async () => {
    const [file, other] = [files.write({ "a.ts": "1" }), files.write({ "b.ts": "1" })];
    utimesSync(file, 1, 1);
    const touches: boolean[] = [];
    watcher = new FileWatcher(
      (changed, touched) => {
        changes.push(changed);
        touches.push(touched);
        tell?.();
      },
      { debounceMs: 10, pollMs: 600_000 },
    );
    watcher.watch([file, other], new Map(), true);
    for (const touch of [() => utimesSync(file, 2, 2), () => writeFileSync(file, "1"), () => chmodSync(file, 0o600)]) {
      touch();
      expect(await nextChange()).to.deep.equal([file]);
    }
    writeFileSync(other, "2");
    expect(await nextChange()).to.deep.equal([other]);
    expect(touches).to.deep.equal([true, true, true, false]);
  });

  for (const [what, begin] of [
    ["truncated", (file: string) => writeFileSync(file, "")],
    ["removed", (file: string) => unlinkSync(file)],
  ] as const) {
    it(`waits for the rest of a save when the file is ${what} first`, async () => {
      const file = files.write({ "a.ts": "1" });
      const told: string[] = [];
      watcher = new FileWatcher(() => told.push(readFileSync(file, "utf8")), { debounceMs: 100, pollMs: 600_000 });
      watcher.watch([file]);
      begin(file);
      await setTimeout(150);
      writeFileSync(file, "2");
      await eventually(() => expect(told).to.have.length.above(0));
      expect(told).to.deep.equal(["2"]);
    });
  }

  it("does not report a change that the caller has read since", async () => {
    const [file, other] = [files.write({ "a.ts": "1" }), files.write({ "b.ts": "1" })];
    watch([file, other]);
    writeFileSync(file, "2");
    watcher?.watch([file, other], new Map([[file, contentHash(file) ?? ""]]));
    writeFileSync(other, "2");
    expect(await nextChange()).to.deep.equal([other]);
  });

  it("sees a file that appeared before it was watched, if the caller has found none", async () => {
    const file = files.write({ "new.ts": "new" });
    watch([file], undefined, new Map([[file, undefined]]));
    expect(await nextChange()).to.deep.equal([file]);
  });

  it("sees a file that appears later, also in a folder that appears later", async () => {
    const file = files.path("later/deep/a.ts");
    watch([file]);
    mkdirSync(files.path("later/deep"), { recursive: true });
    writeFileSync(file, "1");
    expect(await nextChange()).to.deep.equal([file]);
  });

  it("sees a file that appears where a folder was looked for as well", async () => {
    const [file, inside] = [files.path("a.ts"), files.path("a.ts/index.ts")];
    watch([file, inside]);
    writeFileSync(file, "1");
    expect(await nextChange()).to.deep.equal([file]);
    writeFileSync(file, "2");
    expect(await nextChange()).to.deep.equal([file]);
  });

  it("sees the symlink swap of a Kubernetes ConfigMap, again and again", async () => {
    const mount = (name: string, text: string): void => {
      files.write({ [`${name}/a.ts`]: text });
      symlinkSync(name, files.path("..data_tmp"));
      renameSync(files.path("..data_tmp"), files.path("..data"));
    };
    mount("..v1", "1");
    symlinkSync("..data/a.ts", files.path("a.ts"));
    watch([files.path("a.ts")]);
    for (const version of ["2", "3"]) {
      mount(`..v${version}`, version);
      expect(await nextChange()).to.deep.equal([files.path("a.ts")]);
    }
  });

  it("sees a folder that is removed and made again", async () => {
    const file = files.write({ "sub/a.ts": "1" });
    watch([file], { debounceMs: 10, pollMs: 20 });
    rmSync(files.path("sub"), { recursive: true });
    expect(await nextChange()).to.deep.equal([file]);
    files.write({ "sub/a.ts": "2" });
    expect(await nextChange()).to.deep.equal([file]);
    writeFileSync(file, "3");
    expect(await nextChange()).to.deep.equal([file]);
  });

  it("keeps the content last seen when the set of files changes, and drops files that are no longer in it", async () => {
    const [a, b] = [files.write({ "a.ts": "1" }), files.write({ "b.ts": "1" })];
    watch([a, b]);
    writeFileSync(a, "2");
    watcher?.watch([a]);
    expect(await nextChange()).to.deep.equal([a]);
    writeFileSync(b, "2");
    writeFileSync(a, "3");
    expect(await nextChange()).to.deep.equal([a]);
  });

  it("sees a save between the load and the watch", async () => {
    const file = files.write({ "proxy.config.ts": `export default { listeners: { a: { listen: "tcp://:0" } } };` });
    const loader = new ConfigLoader(file);
    await loader.load();
    writeFileSync(file, "changed");
    watch([...loader.files], undefined, loader.hashes);
    expect(await nextChange()).to.deep.equal([file]);
  });

  it("agrees with the loader on the content of a file", async () => {
    const file = files.write({ "proxy.config.ts": `\uFEFFexport default { listeners: { a: { listen: "tcp://:0" } } };`, "b.ts": "1" });
    const loader = new ConfigLoader(file);
    await loader.load();
    watch([...loader.files, files.path("b.ts")], undefined, loader.hashes);
    writeFileSync(files.path("b.ts"), "2");
    expect(await nextChange()).to.deep.equal([files.path("b.ts")]);
  });
});
