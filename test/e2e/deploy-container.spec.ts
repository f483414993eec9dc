import { expect } from "chai";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { startCliBy, type Cli } from "../support/cli.ts";
import { buildInFolder, type Image } from "../support/container-file.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { packedTarball } from "../support/packed-tarball.ts";
import { mustRun } from "../support/real-peer.ts";
import { readText, root } from "../support/repository.ts";

const source = "docs/deploy/container";
/** Of the machine that this runs on; a container file is one for Linux anyway. */
const isRoot = process.platform === "linux" && process.getuid?.() === 0;

// What an image would have of node:24-slim is this machine's; all else is done as the file says.
describe("the container file, its steps executed by the test", function () {
  this.timeout(300_000);
  const cleanup = createCleanup();
  let folder: string;
  let image: Image;

  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-image-")));
    chmodSync(folder, 0o755);
    const context = join(folder, "context");
    cpSync(join(root, source), context, { recursive: true });
    const description = JSON.parse(readText(`${source}/package.json`)) as { dependencies: Record<string, string> };
    expect(Object.keys(description.dependencies)).to.have.members(["sluice", "@redis/client"]);
    description.dependencies["sluice"] = `file:${await packedTarball()}`;
    writeFileSync(join(context, "package.json"), JSON.stringify(description));
    await mustRun("npm", ["install", "--package-lock-only", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: context });
    const config = join(context, "config/proxy.config.ts");
    writeFileSync(config, readFileSync(config, "utf8").replace("0.0.0.0:8080", "127.0.0.1:0"));
    image = await buildInFolder(readText(`${source}/Dockerfile`), context, join(folder, "stages"));
    mkdirSync(join(folder, "tmp"), { mode: 0o700 });
    await mustRun("chmod", ["-R", "a-w", image.root]);
  });

  after(async () => {
    await mustRun("chmod", ["-R", "u+w", image.root]);
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => cleanup.run());

  /** As its user: setpriv as root, which may also be given the command to run first. */
  const asUser = (): string[] => {
    const [user = "", group = ""] = image.user.split(":");
    return isRoot ? ["setpriv", `--reuid=${user}`, `--regid=${group}`, "--clear-groups"] : [];
  };
  const environment = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
    HOME: "/nonexistent",
    XDG_CACHE_HOME: "",
    TMPDIR: join(folder, "tmp"),
    NODE_V8_COVERAGE: "",
    ...image.environment,
    ...more,
  });

  /**
   * On a root that is read-only, with a /tmp as an emptyDir of Kubernetes is, where this process may do that to a child; else without the right to write.
   */
  const inside = (parameters: readonly string[], more: Readonly<Record<string, string>> = {}): Cli => {
    const tmp = `mount -t tmpfs -o mode=0777,size=64m tmp ${join(folder, "tmp")}`;
    const readOnly = `mount --make-rprivate / && ${tmp} && mount -o remount,bind,ro / && exec "$@"`;
    const apart = isRoot ? ["unshare", "--mount", "sh", "-c", readOnly, "sh"] : [];
    const command = [...apart, ...asUser(), process.execPath, ...parameters];
    return startCliBy({ command }, cleanup, image.workFolder, environment(more));
  };
  /** As `docker exec` and `kubectl exec` do. */
  const beside = ({ pid }: Cli, parameters: readonly string[]): Cli => {
    const enter = isRoot ? ["nsenter", `--target=${pid}`, "--mount", `--wd=${image.workFolder}`] : [];
    return startCliBy({ command: [...enter, ...asUser(), process.execPath, ...parameters] }, cleanup, image.workFolder, environment({}));
  };
  const main = (): readonly string[] => image.entrypoint.slice(1);

  it("is node:24-slim with a user other than root, and node as its process", () => {
    expect(image.from).to.equal("node:24-slim");
    expect(image.user).to.match(/^[1-9]\d*:[1-9]\d*$/);
    expect(image.entrypoint[0]).to.equal("node");
    expect(image.ports).to.deep.equal([8080, 9900]);
  });

  it("has only the packages that it needs to run", () => {
    const packages = readdirSync(join(image.workFolder, "node_modules"));
    expect(packages).to.include.members(["sluice", "@redis"]);
    expect(packages).to.not.include.members(["mocha", "typescript", "oxlint"]);
  });

  it("serves, answers `status`, and ends at SIGTERM, without a writable folder", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const proxy = inside([...main(), ...image.command], { UPSTREAM: upstream.endpoint });
    const { web = 0 } = await proxy.ready();
    expect(await exchangeOnce(web, "through a container")).to.equal("through a container");
    const status = beside(proxy, [...main(), "status", ...image.command.slice(1)]);
    expect((await status.ended()).code, status.stderr).to.equal(0);
    expect(status.lines.join("\n")).to.include(`127.0.0.1:${web}`);
    proxy.kill("SIGTERM");
    expect(await proxy.ended()).to.deep.equal({ code: 0, signal: null });
    expect(proxy.stderr).to.not.match(/EROFS|EACCES|no control socket/);
  });

  it("cannot write to its own files", async () => {
    const writing = inside(["--eval", 'require("node:fs").writeFileSync("config/more", "")']);
    expect((await writing.ended()).code).to.equal(1);
    expect(writing.stderr).to.match(isRoot ? /EROFS/ : /EACCES/);
  });
});
