import { expect } from "chai";
import { readText } from "../support/repository.ts";

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
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
});
