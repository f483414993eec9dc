import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const module = new URL("../../../../../plugins/tls-termination/authority/folder-lock.js", import.meta.url).href;
const script = `
  const { readdirSync, rmSync } = await import("node:fs");
  const { locked } = await import("${module}");
  process.chdir(process.argv[1]);
  const work = async () => "worked";
  const outcome = await locked(".", work).catch(({ code }) => code);
  const files = readdirSync(".");
  rmSync("large");
  console.log(JSON.stringify([outcome, files, await locked(".", work)]));
`;

describe("The lock of a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-folder-lock-"));
  after(() => rmSync(folder, { recursive: true }));

  it("leaves nothing behind on a full disk, so that work goes on as soon as there is room", function () {
    // A file system of one page, in a namespace of its own, where the system allows one.
    const full = 'mount -t tmpfs -o size=4k none "$1" && head -c 4096 /dev/zero >"$1/large" && shift && exec "$@"';
    const apart = (...command: readonly string[]): ReturnType<typeof spawnSync> =>
      spawnSync("unshare", ["--map-root-user", "--mount", "sh", "-c", full, "sh", folder, ...command], { timeout: 60_000 });
    if (apart("true").status !== 0) this.skip();
    const { stdout } = apart(process.execPath, "--input-type=module", "--eval", script, folder);
    expect(JSON.parse(String(stdout))).to.deep.equal(["ENOSPC", ["large"], "worked"]);
  }).timeout(90_000);
});
