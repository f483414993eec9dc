import { expect } from "chai";
import { readText } from "../support/repository.ts";

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>>; readonly integrity?: string }>
  >;
}

describe("package-lock.json", () => {
  it("lists the optional packages of every platform, without which `npm ci` refuses it", () => {
    // npm leaves out what the registry at hand did not have when the lock was written.
    const { packages } = JSON.parse(readText("package-lock.json")) as Lock;
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined,
      ),
    );
    expect(missing).to.deep.equal([]);
  });

  it("has the integrity of every package, also of packages for other platforms", () => {
    const { packages } = JSON.parse(readText("package-lock.json")) as Lock;
    const without = Object.entries(packages).filter(([path, { integrity }]) => path !== "" && integrity?.startsWith("sha512-") !== true);
    expect(without.map(([path]) => path)).to.deep.equal([]);
  });
});
