import { expect } from "chai";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { nodeOptions } from "../support/cli.ts";
import { pictureOfRooms, reaches, type Rooms } from "../support/picture-of-rooms.ts";
import { readText, root } from "../support/repository.ts";

const rooms = createRequire(join(root, "package.json"))("./test/architecture/rooms.cjs") as Rooms;

interface Report {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string; readonly to: string }[];
  };
}

/** Its exit code is the number of violations, so that only its output counts here. */
function cruise(folder: string, parts: readonly string[]): Promise<Report> {
  const tool = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const parameters = [tool, "--config", join(root, "test/architecture/layers.cjs"), "--output-type", "json", ...parts];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...nodeOptions, ...parameters], { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (error, output) => {
      if (output === "") reject(error ?? new Error("dependency-cruiser printed nothing"));
      else resolve(JSON.parse(output) as Report);
    });
  });
}

const brokenBy = (report: Report): string[] => report.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);

/** Small trees, each of which breaks some rules; each has files of its own, so that one run looks at all of them. */
const houses = {
  "let a lower layer import a higher one, as a type neither": {
    rules: ["contract-is-the-lowest-layer"],
    files: {
      "core/contract/type-of-net.ts": 'import type { B } from "../net/type.ts";\nexport type A = B;\n',
      "core/net/type.ts": "export type B = string;\n",
    },
  },
  "let the folders of the second layer import each other": {
    rules: ["config-knows-no-runtime", "net-knows-no-pipeline", "pipeline-knows-no-sockets"],
    files: {
      "core/pipeline/a.ts": 'import { b } from "../net/b.ts";\nexport const a = b;\n',
      "core/net/b.ts": 'export const b = 1;\nexport const c = await import("../config/c.ts");\n',
      "core/config/c.ts": 'export { a } from "../pipeline/d.ts";\n',
      "core/pipeline/d.ts": "export const a = 1;\n",
    },
  },
  "let a plugin reach into the core, nor into another plugin": {
    rules: ["plugins-know-no-other-plugin", "plugins-of-one-file-know-no-other-plugin", "plugins-use-the-public-name"],
    files: {
      "plugins/one.ts": 'import { a } from "../core/contract/a.ts";\nimport { t } from "./two/t.ts";\nexport const one = [a, t];\n',
      "plugins/two/t.ts": 'import { three } from "../three.ts";\nexport const t = three;\n',
      "plugins/three.ts": "export const three = 3;\n",
      "core/contract/a.ts": "export const a = 1;\n",
    },
  },
  "let the core see a plugin or a test, nor anything run in a circle": {
    rules: ["core-never-sees-plugins", "no-cycles", "product-never-imports-test", "runtime-joins-the-second-layer"],
    files: {
      "core/runtime/a.ts":
        'import { p } from "../../plugins/p.ts";\nimport { b } from "./b.ts";\nexport const a = (): unknown => [p, b];\n',
      "core/runtime/b.ts": 'import { a } from "./a.ts";\nimport { t } from "../../test/t.ts";\nexport const b = (): unknown => [a, t];\n',
      "plugins/p.ts": "export const p = 1;\n",
      "test/t.ts": "export const t = 1;\n",
    },
  },
  "let a room import one that is not named for it": {
    rules: ["rooms-of-core/net", "rooms-of-plugins/http"],
    files: {
      "core/net/names/a.ts": 'import { b } from "../dial/b.ts";\nexport const a = b;\n',
      "core/net/dial/b.ts": "export const b = 1;\n",
      "plugins/http/message/a.ts": 'import { b } from "../front/b.ts";\nexport const a = b;\n',
      "plugins/http/front/b.ts": "export const b = 1;\n",
    },
  },
};

describe("the layers", function () {
  this.timeout(240_000);
  let folder: string;
  let broken: Report["summary"]["violations"];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-layers-"));
    for (const [path, text] of Object.values(houses).flatMap(({ files }) => Object.entries(files))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    broken = (await cruise(folder, ["core", "plugins", "test"])).summary.violations;
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are respected in core, plugins and test, and every file was checked", async () => {
    const report = await cruise(root, ["core", "plugins", "test"]);
    expect(report.summary.totalCruised).to.be.greaterThan(20);
    expect(brokenBy(report)).to.deep.equal([]);
  });

  for (const [title, { rules, files }] of Object.entries(houses))
    it(`do not ${title}`, () => {
      const here = broken.filter(({ from }) => from in files);
      expect([...new Set(here.map(({ rule }) => rule.name))].toSorted()).to.deep.equal(rules);
    });
});

describe("the rooms", () => {
  for (const [layer, table] of Object.entries(rooms)) {
    it(`of ${layer} are its folders, have no dependency cycle, and are drawn in docs/architecture.md`, () => {
      const folders = readdirSync(join(root, layer), { withFileTypes: true }).filter((entry) => entry.isDirectory());
      const names = Object.keys(table).filter((name) => name !== ".");
      expect(names.toSorted()).to.deep.equal(folders.map(({ name }) => name).toSorted());
      expect(names.filter((name) => reaches(table, name, name))).to.deep.equal([]);
      expect(readText("docs/architecture.md")).to.include(pictureOfRooms(layer, table));
    });
  }
});
