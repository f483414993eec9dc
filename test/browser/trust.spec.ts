import { expect } from "chai";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { startBrowser } from "../support/browser.ts";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCliWith, startCli } from "../support/cli.ts";
import { requireTool } from "../support/external-tool.ts";
import { mustRun } from "../support/real-peer.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";

const cleanup = createCleanup();

describe("sluice trust", function () {
  this.timeout(120_000);
  afterEach(() => cleanup.run());

  it("makes a real Chromium trust certificates that the local CA has signed, until the CA is removed", async function () {
    const chromium = requireTool(this, "chromium");
    const certutil = requireTool(this, "certutil");
    const folder = createCliFolder(cleanup);
    const home = { HOME: folder.path, XDG_DATA_HOME: join(folder.path, "data") };
    const database = join(folder.path, ".pki/nssdb");
    mkdirSync(database, { recursive: true });
    await mustRun(certutil, ["-N", "-d", `sql:${database}`, "--empty-password"]);
    const trusted = await runCliWith(cleanup, folder, ["trust", "--stores", "nss"], home);
    expect(trusted.stdout).to.include(`trusted by ${database}`);
    const upstream = await startHttpUpstream(cleanup, (_request, response) => response.end("<h1>safe</h1>"));
    const cli = startCli(cleanup, folder, ["forward", "0", upstream.endpoint, "--tls", "localhost"], home);
    const { forward = 0 } = await cli.ready();
    const seen = async (): Promise<string> => {
      const browser = await startBrowser(cleanup, chromium, home);
      const page = await (await browser.newContext()).newPage();
      return page.goto(`https://localhost:${forward}/`).then(
        async () => (await page.textContent("h1")) ?? "",
        (error: unknown) => String(error),
      );
    };
    expect(await seen()).to.equal("safe");
    const removed = await runCliWith(cleanup, folder, ["trust", "--stores", "nss", "--remove"], home);
    expect(removed.stdout).to.include(`removed from ${database}`);
    expect(await seen()).to.include("ERR_CERT_AUTHORITY_INVALID");
  });

  it("prints what it would do, and where Node reads the CA from", async () => {
    const folder = createCliFolder(cleanup);
    const { stdout, code } = await runCliWith(cleanup, folder, ["trust", "--print"], { HOME: folder.path, XDG_DATA_HOME: folder.path });
    expect(code).to.equal(0);
    expect(stdout).to.include(`NODE_EXTRA_CA_CERTS=${join(folder.path, "sluice/ca.pem")}`);
    if (process.platform === "linux") expect(stdout).to.match(/sluice-local-ca-[0-9a-f]{8}\.(crt|pem)/);
  });

  it("has nothing to remove, and makes no CA, if there is none", async () => {
    const folder = createCliFolder(cleanup);
    const data = join(folder.path, "data");
    const { stdout, code } = await runCliWith(cleanup, folder, ["trust", "--remove"], { HOME: folder.path, XDG_DATA_HOME: data });
    expect({ stdout, code }).to.deep.equal({ stdout: "nothing to remove: neither this folder nor this user has a local CA", code: 0 });
    expect(existsSync(data)).to.equal(false);
  });

  it("reports when no browser has a database yet", async () => {
    const folder = createCliFolder(cleanup);
    const env = { HOME: folder.path, XDG_DATA_HOME: join(folder.path, "data") };
    const { stdout, code } = await runCliWith(cleanup, folder, ["trust", "--stores", "nss"], env);
    expect(code).to.equal(0);
    expect(stdout).to.include("note: browsers were skipped, because none has a database here yet");
    const removed = await runCliWith(cleanup, folder, ["trust", "--remove", "--stores", "nss"], env);
    expect(removed.stdout).to.not.include("note:");
  });

  it("names the existing stores", async () => {
    const { stderr, code } = await runCliWith(cleanup, createCliFolder(cleanup), ["trust", "--stores", "ns"]);
    expect(code).to.equal(1);
    expect(stderr).to.include("--stores: expected some of system, nss, java");
  });
});
