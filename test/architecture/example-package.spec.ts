import { expect } from "chai";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { installPacked, npmInstall, type PackedPackage, runAsStranger as run } from "../support/packed-package.ts";
import { readText, root } from "../support/repository.ts";

const folder = "docs/examples/sluice-plugin-redact";

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

describe("the example package, a plugin to publish", function () {
  this.timeout(600_000);
  let installed: PackedPackage;

  const pack = async (place: string): Promise<string> => {
    const text = await run(place, "npm", "pack", "--json", "--pack-destination", "..");
    // A build may say something in front.
    const packed = JSON.parse(text.slice(text.indexOf("["))) as readonly { readonly filename: string }[];
    return join(dirname(place), packed[0]?.filename ?? "");
  };

  before(async () => {
    installed = await installPacked();
  });

  after(() => {
    rmSync(join(installed.folder, "node_modules/sluice-plugin-redact"), { recursive: true, force: true });
    installed.remove();
  });

  it("has a name, a keyword and peer dependencies as every plugin package", () => {
    const { name, keywords, peerDependencies } = JSON.parse(readText(`${folder}/package.json`)) as Manifest;
    const own = JSON.parse(readText("package.json")) as { version: string; dependencies: Record<string, string> };
    expect(name).to.match(/^sluice-plugin-/);
    expect(keywords).to.include("sluice-plugin");
    expect(peerDependencies).to.deep.equal({ rxjs: own.dependencies["rxjs"], sluice: `^${own.version}` });
  });

  it("builds, passes its own test, is packed, installed, and works in a proxy", async () => {
    // A package of a workspace: sluice and TypeScript are installed above it.
    const author = join(installed.folder, "author");
    cpSync(join(root, folder), author, { recursive: true });
    expect(await run(author, "npm", "test")).to.match(/fail 0/);
    const plugin = await pack(author);
    // The user has sluice already, which the peers of the plugin must agree with.
    const user = installed.folder;
    await npmInstall(user, plugin);
    expect(await run(user, process.execPath, "--input-type=module", "--eval", use)).to.equal("card ********, pin 1234.");
    // The config of its README.
    const [, config = ""] = /```ts\n(.*?)```/s.exec(readFileSync(join(author, "README.md"), "utf8")) ?? [];
    writeFileSync(join(user, "proxy.config.ts"), config);
    expect(await run(user, join(user, "node_modules/.bin/sluice"), "check")).to.include("good");
  });
});
