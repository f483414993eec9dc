import { expect } from "chai";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packedTarball, strangersEnvironment as environment } from "../support/packed-tarball.ts";
import { readText, root } from "../support/repository.ts";

const execute = promisify(execFile);
const folder = "docs/examples/sluice-plugin-redact";
const npmFlags = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel", "error"];

/** Uses the installed package in a proxy, with the number in two pieces. */
const use = `
import { echo } from "sluice/plugins";
import { redact } from "sluice-plugin-redact";
import { startProxy } from "sluice/testing";
const proxy = await startProxy({ plugins: [redact({ digits: 8 }), echo()] });
const client = await proxy.connect();
await client.write("card 1234");
await client.write("5678, pin 1234.");
console.log(String(await client.readUntil(".")));
await proxy.close();
`;

interface Manifest {
  readonly name: string;
  readonly keywords: readonly string[];
  readonly peerDependencies: Readonly<Record<string, string>>;
}

describe("the example package, a plugin as it is published", function () {
  this.timeout(600_000);
  let parent: string;

  const run = async (place: string, command: string, ...parameters: readonly string[]): Promise<string> => {
    const { stdout } = await execute(command, parameters, { cwd: place, env: environment }).catch((error: unknown) => {
      const { stdout: out, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${command} ${parameters.join(" ")}\n${out}\n${stderr}`, { cause: error });
    });
    return stdout.trim();
  };

  const pack = async (place: string): Promise<string> => {
    const text = await run(place, "npm", "pack", "--json", "--pack-destination", parent);
    // A build may say something in front.
    const packed = JSON.parse(text.slice(text.indexOf("["))) as readonly { readonly filename: string }[];
    return join(parent, packed[0]?.filename ?? "");
  };

  before(() => (parent = mkdtempSync(join(tmpdir(), "sluice-example-"))));
  after(() => rmSync(parent, { recursive: true, force: true }));

  it("has the name, the keyword and the peers that plugins have", () => {
    const { name, keywords, peerDependencies } = JSON.parse(readText(`${folder}/package.json`)) as Manifest;
    const own = JSON.parse(readText("package.json")) as { version: string; dependencies: Record<string, string> };
    expect(name).to.match(/^sluice-plugin-/);
    expect(keywords).to.include("sluice-plugin");
    expect(peerDependencies).to.deep.equal({ rxjs: own.dependencies["rxjs"], sluice: `^${own.version}` });
  });

  it("builds, passes its own test, is packed, installed, and works in a proxy", async () => {
    const sluice = await packedTarball();
    const author = join(parent, "author");
    cpSync(join(root, folder), author, { recursive: true });
    await run(author, "npm", "install", ...npmFlags, "--no-save", sluice, "typescript@5.5");
    expect(await run(author, "npm", "test")).to.match(/fail 0/);
    const plugin = await pack(author);
    const user = join(parent, "user");
    mkdirSync(user);
    writeFileSync(join(user, "package.json"), '{ "private": true, "type": "module" }');
    await run(user, "npm", "install", ...npmFlags, sluice, plugin);
    expect(await run(user, process.execPath, "--input-type=module", "--eval", use)).to.equal("card ********, pin 1234.");
    // The config of its README.
    const [, config = ""] = /```ts\n(.*?)```/s.exec(readFileSync(join(author, "README.md"), "utf8")) ?? [];
    writeFileSync(join(user, "proxy.config.ts"), config);
    expect(await run(user, "npx", "--no-install", "sluice", "check")).to.include("good");
  });
});
