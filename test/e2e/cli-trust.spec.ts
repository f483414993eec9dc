import { expect } from "chai";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCliWith, startCli, type CliFolder } from "../support/cli.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { mustRun } from "../support/real-peer.ts";
import { findTool } from "../setup/tools.ts";

describe("sluice trust, again and again", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const homeOf = ({ path }: CliFolder): NodeJS.ProcessEnv => ({ HOME: path, XDG_DATA_HOME: join(path, "data") });

  it("adds to a store of browsers and removes from it as often as it is asked, and says what it could not remove", async function () {
    const certutil = requireTool(this, "certutil");
    const folder = createCliFolder(cleanup);
    const database = join(folder.path, ".pki/nssdb");
    mkdirSync(database, { recursive: true });
    await mustRun(certutil, ["-N", "-d", `sql:${database}`, "--empty-password"]);
    const run = async (...more: string[]): Promise<[number | null, string]> => {
      const { code, stdout } = await runCliWith(cleanup, folder, ["trust", "--stores", "nss", ...more], homeOf(folder));
      return [code, stdout.split("\n").find((line) => line.includes(database)) ?? ""];
    };
    for (let time = 0; time < 2; time += 1) expect(await run()).to.deep.equal([0, `trusted by ${database}`]);
    for (let time = 0; time < 2; time += 1) expect(await run("--remove")).to.deep.equal([0, `removed from ${database}`]);
    writeFileSync(join(database, "cert9.db"), "no database");
    const [code, line] = await run("--remove");
    expect(code).to.equal(1);
    expect(line).to.match(/^not done: .*certutil .* -D /);
  });

  it("adds the CA that a config in this folder uses, whether the folder or the user has it", async function () {
    const certutil = requireTool(this, "certutil");
    const folder = createCliFolder(cleanup);
    const database = `sql:${join(folder.path, ".pki/nssdb")}`;
    mkdirSync(join(folder.path, ".pki/nssdb"), { recursive: true });
    await mustRun(certutil, ["-N", "-d", database, "--empty-password"]);
    const trusted = async (): Promise<string> => {
      const { stdout } = await runCliWith(cleanup, folder, ["trust", "--stores", "nss"], homeOf(folder));
      return /NODE_EXTRA_CA_CERTS=(.*)$/m.exec(stdout)?.[1] ?? "";
    };
    const isUsed = async (ca: string): Promise<void> => {
      const cli = startCli(cleanup, folder, ["forward", "127.0.0.1:0", "--echo", "--tls", "localhost"], homeOf(folder));
      const { forward = 0 } = await cli.ready();
      const socket = cleanup.keep(await connectSecurely(forward, { ca: readFileSync(ca), servername: "localhost" }));
      expect(await exchange(socket, "hello")).to.equal("hello");
      cli.kill("SIGKILL");
      await cli.ended();
    };
    const ofUser = await trusted();
    expect(ofUser).to.equal(join(folder.path, "data/sluice/ca.pem"));
    await isUsed(ofUser);
    rmSync(join(folder.path, "data"), { recursive: true });
    const own = join(folder.path, ".sluice/ca.pem");
    await isUsed(own);
    expect(await trusted()).to.equal(own);
  });

  it("does so with the store of Java, and says what keytool says", async function () {
    const keytool = findTool("keytool");
    if (keytool === undefined || process.getuid?.() !== 0) this.skip();
    const folder = createCliFolder(cleanup);
    // A keytool whose own certificates are a file of this test.
    const bin = join(folder.path, "jdk/bin");
    mkdirSync(bin, { recursive: true });
    const fake = join(bin, "keytool");
    const script = `#!/bin/bash\nwords=()\nfor word in "$@"; do [ "$word" = -cacerts ] && words+=(-keystore '${folder.path}/cacerts') || words+=("$word"); done\n`;
    writeFileSync(fake, `${script}exec '${keytool}' "\${words[@]}"\n`);
    chmodSync(fake, 0o755);
    const env = { ...homeOf(folder), JAVA_HOME: join(folder.path, "jdk") };
    const run = async (...more: string[]): Promise<[number | null, string]> => {
      const { code, stdout } = await runCliWith(cleanup, folder, ["trust", "--stores", "java", ...more], env);
      return [code, stdout.split("\n").find((line) => /Java|keytool/.test(line)) ?? ""];
    };
    for (let time = 0; time < 2; time += 1) expect(await run()).to.deep.equal([0, "trusted by Java"]);
    for (let time = 0; time < 2; time += 1) expect(await run("--remove")).to.deep.equal([0, "removed from Java"]);
    writeFileSync(join(folder.path, "cacerts"), "no keystore");
    for (const more of [[], ["--remove"]]) {
      const [code, line] = await run(...more);
      expect(code).to.equal(1);
      expect(line).to.match(/^not done: .*keytool .*: keytool error: /);
    }
  });
});
