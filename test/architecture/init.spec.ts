import { expect } from "chai";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPacked, npmInstall, type PackedPackage, runAsStranger as run } from "../support/packed-package.ts";
import { packedTarball } from "../support/packed-tarball.ts";
import { root } from "../support/repository.ts";

const newest = join(root, "node_modules/typescript/bin/tsc");

describe("the files that init of the packed package writes", function () {
  this.timeout(600_000);
  let parent: string;

  before(() => {
    parent = mkdtempSync(join(tmpdir(), "sluice-init-"));
  });

  after(() => rmSync(parent, { recursive: true, force: true }));

  function project(name: string, files: Readonly<Record<string, string>>): string {
    const folder = join(parent, name);
    mkdirSync(folder);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    return folder;
  }

  async function compile(folder: string, ...parameters: readonly string[]): Promise<void> {
    for (const compiler of [join(folder, "node_modules/typescript/bin/tsc"), newest])
      await run(folder, process.execPath, compiler, "--noEmit", ...parameters);
  }

  describe("with npm", () => {
    let installed: PackedPackage;
    let folder: string;
    let sluice: string;
    // A machine that runs other tests beside this one is slow.
    const patience = '{ "timeout": 60000 }';

    before(async () => {
      installed = await installPacked();
      ({ folder } = installed);
      sluice = join(folder, "node_modules/.bin/sluice");
    });

    after(() => installed.remove());

    it("node:test, mocha and vitest run the tests of all templates, and tsc accepts them with NodeNext and Bundler", async () => {
      const cases = { byte: "vitest", http: "mocha", faults: "vitest", codec: "mocha" };
      for (const [template, runner] of Object.entries(cases)) {
        // A project of its own, whose packages are those of the folder above.
        const place = join(folder, template);
        mkdirSync(place);
        symlinkSync(join(folder, "node_modules"), join(place, "node_modules"));
        writeFileSync(join(place, ".mocharc.json"), patience);
        writeFileSync(join(place, "package.json"), JSON.stringify({ type: "module", scripts: {}, devDependencies: { [runner]: "*" } }));
        await run(place, sluice, "init", "--no-interactive", "--template", template);
        expect(await run(place, "npm", "test")).to.match(/\d passing|Tests .*passed/);
        expect(readFileSync(join(place, "tsconfig.json"), "utf8")).to.equal(readFileSync(join(folder, "byte/tsconfig.json"), "utf8"));
      }
      // The class plugin of the guide, in a project that says nothing of decorators.
      copyFileSync(join(root, "docs/examples/counted.ts"), join(folder, "byte/counted.ts"));
      // One program of all four: tsc takes seconds for the declarations of the packages.
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: "./byte/tsconfig.json", include: Object.keys(cases) }));
      await compile(folder);
      await compile(folder, "--module", "preserve", "--moduleResolution", "bundler");
    });

    it("init adds one plugin to a CommonJS project, and changes no existing file", async () => {
      const tsconfig = '{\n  // ours\n  "compilerOptions": { "strict": true, "outDir": "out" /* there */ }\n}\n';
      const manifest = '{\n    "name": "old", "main": "index.js",\n    "scripts": { "test": "echo ours" }\n}\n';
      const place = join(folder, "common");
      mkdirSync(place);
      symlinkSync(join(folder, "node_modules"), join(place, "node_modules"));
      writeFileSync(join(place, ".mocharc.json"), patience);
      writeFileSync(join(place, "tsconfig.json"), tsconfig);
      writeFileSync(join(place, "package.json"), manifest);
      await run(place, sluice, "init", "--no-interactive");
      const told = await run(place, sluice, "init", "--plugin", "blackOut");
      expect(told).to.include('import { blackOut } from "./my-plugins/black-out.mjs"');
      const after = readFileSync(join(place, "package.json"), "utf8");
      expect(after).to.include('"name": "old", "main": "index.js",').and.include('"test": "echo ours"');
      expect(readFileSync(join(place, "tsconfig.json"), "utf8"))
        .to.include("// ours")
        .and.include('"strict": true, "outDir": "out"')
        .and.include("/* there */");
      expect(await run(place, "npm", "run", "test:plugins")).to.match(/passed|passing/);
      await compile(place);
    });
  });

  it("with pnpm, whose packages see only their declared dependencies, and node:test", async function () {
    const place = project("pnpm-itself", { "package.json": '{ "private": true }' });
    // Its newer releases name builds for other platforms in the lock.
    const pnpm = join(place, "node_modules/.bin/pnpm");
    try {
      await npmInstall(place, "pnpm@12.4.2");
      await run(place, pnpm, "--version");
    } catch {
      // oxlint-disable-next-line no-console -- said by name: what was not tested
      console.log("      pnpm cannot be had here: not tested with it");
      return this.skip();
    }
    const folder = project("pnpm", { "package.json": '{ "private": true }' });
    const add = ["add", "--prefer-offline", "--ignore-scripts"];
    await run(folder, pnpm, ...add, await packedTarball(), "typescript@5.5");
    await run(folder, pnpm, "exec", "sluice", "init", "--no-interactive", "--template", "http", "--plugin", "sluice-plugin-health");
    await run(folder, pnpm, "install", "--prefer-offline", "--ignore-scripts");
    expect(await run(folder, pnpm, "test")).to.match(/pass 1/);
    await run(folder, pnpm, "exec", "tsc", "--noEmit");
  });
});
