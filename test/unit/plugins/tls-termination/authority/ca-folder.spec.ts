import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { caFolderOf, userCaFolder } from "../../../../../plugins/tls-termination/authority/ca-folder.ts";

describe("where the local CA lies", () => {
  let root: string;
  let folder: string;
  const { XDG_DATA_HOME: before } = process.env;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "sluice-ca-folder-")));
    folder = join(root, "config");
    mkdirSync(folder);
    process.env["XDG_DATA_HOME"] = join(root, "data");
  });
  afterEach(() => {
    if (before === undefined) delete process.env["XDG_DATA_HOME"];
    else process.env["XDG_DATA_HOME"] = before;
    rmSync(root, { recursive: true, force: true });
  });

  function makeCa(home: string): void {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "ca-key.pem"), "");
  }

  it("is the folder that is named, relative to the config's", async () => {
    expect(await caFolderOf(folder, "certs")).to.equal(join(folder, "certs"));
    expect(await caFolderOf(folder, "/elsewhere")).to.equal("/elsewhere");
  });

  it("is .sluice/ beside the config where neither it nor the user has one", async () => {
    expect(await caFolderOf(folder, undefined)).to.equal(join(folder, ".sluice"));
  });

  it("is the user's where there is one, unless the config has its own", async () => {
    makeCa(userCaFolder());
    expect(await caFolderOf(folder, undefined)).to.equal(join(root, "data", "sluice"));
    makeCa(join(folder, ".sluice"));
    expect(await caFolderOf(folder, undefined)).to.equal(join(folder, ".sluice"));
  });

  it("is the user's where nothing can be written beside the config", async function () {
    // Root may write everywhere, so it is somebody else for a moment.
    if (process.geteuid?.() !== 0) this.skip();
    chmodSync(root, 0o755);
    chmodSync(folder, 0o555);
    process.seteuid?.(65_534);
    try {
      expect(await caFolderOf(folder, undefined)).to.equal(join(root, "data", "sluice"));
    } finally {
      process.seteuid?.(0);
    }
  });

  it("is the user's where the config lies on a file system that is mounted read-only", function () {
    const readOnly = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"';
    const module = new URL("../../../../../plugins/tls-termination/authority/ca-folder.js", import.meta.url).href;
    const script = `const { caFolderOf } = await import("${module}"); console.log(await caFolderOf(process.argv[1], undefined))`;
    // In a namespace of its own, where the system allows one.
    const apart = (...command: readonly string[]): ReturnType<typeof spawnSync> =>
      spawnSync("unshare", ["--map-root-user", "--mount", "sh", "-c", readOnly, "sh", folder, ...command], { timeout: 30_000 });
    if (apart("true").status !== 0) this.skip();
    const { stdout } = apart(process.execPath, "--input-type=module", "--eval", script, folder);
    expect(String(stdout).trim()).to.equal(join(root, "data", "sluice"));
  }).timeout(60_000);
});
