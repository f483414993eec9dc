import { expect } from "chai";
import { makeFolder } from "sluice";
import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

describe("making a folder", () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "sluice-make-folder-")));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** The code that it fails with; undefined where it does not. */
  const codeOf = (folder: string): Promise<string | undefined> =>
    makeFolder(folder).then(
      () => undefined,
      ({ code }: NodeJS.ErrnoException) => code,
    );

  it("makes those above it too, each with its mode, and leaves one that is there as it is", async () => {
    await makeFolder(join(root, "a", "b"), 0o700);
    for (const folder of ["a", "a/b"]) expect(statSync(join(root, folder)).mode & 0o777).to.equal(0o700);
    await makeFolder(join(root, "a"), 0o755);
    expect(statSync(join(root, "a")).mode & 0o777).to.equal(0o700);
  });

  it("says what the system says where something else is in its place", async () => {
    writeFileSync(join(root, "file"), "");
    expect(await codeOf(join(root, "file"))).to.equal("EEXIST");
    expect(await codeOf(join(root, "file", "below"))).to.equal("ENOTDIR");
  });

  it("says that the file system is read-only, at every depth", function () {
    const readOnly = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"';
    const module = new URL("../../../core/net/make-folder.js", import.meta.url).href;
    const script = `const { makeFolder } = await import("${module}");
      for (const folder of process.argv.slice(1)) await makeFolder(folder).catch((error) => console.log(error.code));`;
    // In a namespace of its own, where the system allows one.
    const apart = (...command: readonly string[]): ReturnType<typeof spawnSync> =>
      spawnSync("unshare", ["--map-root-user", "--mount", "sh", "-c", readOnly, "sh", root, ...command], { timeout: 30_000 });
    if (apart("true").status !== 0) this.skip();
    const { stdout } = apart(process.execPath, "--input-type=module", "--eval", script, join(root, "a"), join(root, "a", "b", "c"));
    expect(String(stdout).trim().split("\n")).to.deep.equal(["EROFS", "EROFS"]);
  }).timeout(60_000);
});
