import { expect } from "chai";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { filesUnder, readText, root } from "../support/repository.ts";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly types?: string;
  readonly typings?: string;
  readonly exports?: unknown;
}

/** What the declarations of an entry point lead to; the command's are nobody's business. */
const folders = ["dist/core/contract", "dist/core/flow", "dist/core/codec", "dist/core/testing", "dist/plugins"];

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

const manifestOf = (name: string): Manifest => JSON.parse(readText(`node_modules/${name}/package.json`)) as Manifest;

/** Whether a package says itself what its types are. */
const hasTypes = (name: string): boolean => {
  const { types, typings, exports } = manifestOf(name);
  const isBeside = existsSync(join(root, "node_modules", name, "index.d.ts"));
  return isBeside || types !== undefined || typings !== undefined || JSON.stringify(exports ?? "").includes(".d.");
};

/** The declarations that an entry point leads to, and the packages that they name. */
function reachedFrom(entryPoint: string): ReadonlySet<string> {
  const files = new Set([entryPoint]);
  const packages = new Set<string>();
  for (const file of files) {
    for (const [, specifier = ""] of readText(file).matchAll(/(?:from |import\(|import )"([^"]+)"/g)) {
      if (specifier.startsWith(".")) files.add(join(file, "..", specifier.replace(/\.[jt]s$/, ".d.ts")));
      else if (!specifier.startsWith("node:") && !specifier.startsWith("sluice")) packages.add(packageOf(specifier));
    }
  }
  return packages;
}

describe("the declarations of the package", () => {
  it("lead to few packages: some have declarations that do not compile without the browser's types", () => {
    const { exports } = JSON.parse(readText("package.json")) as { readonly exports: Readonly<Record<string, { readonly types?: string }>> };
    const entryPoints = Object.values(exports).flatMap(({ types }) => types ?? []);
    expect(entryPoints).to.have.lengthOf.at.least(7);
    const reached = new Set(entryPoints.flatMap((entryPoint) => [...reachedFrom(entryPoint)]));
    expect([...reached].toSorted()).to.deep.equal(["dns-packet", "lru-cache", "reflect-metadata", "rxjs", "zod"]);
  });

  it("name only packages whose types the user gets: missing types become `any`, or errors with skipLibCheck: false", () => {
    const { dependencies = {}, peerDependencies = {} } = JSON.parse(readText("package.json")) as Manifest;
    const given = { ...dependencies, ...peerDependencies };
    const named = folders
      .flatMap((folder) => filesUnder(folder, ".d.ts"))
      .flatMap((file) => Array.from(readText(file).matchAll(/(?:from |import\()"([^."][^"]*)"/g), ([, specifier = ""]) => specifier))
      .filter((specifier) => !specifier.startsWith("node:"))
      .map(packageOf);
    const packages = [...new Set(named)].filter((name) => name !== "sluice");
    expect(packages).to.include.members(["rxjs", "zod", "dns-packet"]);
    const untyped = packages.filter((name) => !(name in given && (hasTypes(name) || `@types/${name}` in given)));
    expect(untyped).to.deep.equal([]);
  });

  it("compile with TypeScript 5.5, in which Buffer and Uint8Array have no type parameters", () => {
    const files = folders.flatMap((folder) => filesUnder(folder, ".d.ts"));
    expect(files).to.have.lengthOf.above(100);
    expect(files.filter((file) => /\b(Buffer|Uint8Array)</.test(readText(file)))).to.deep.equal([]);
  });
});
