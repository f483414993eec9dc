import { expect } from "chai";
import { catalogue } from "../../core/contract/errors/errors.ts";
import { documentationPages, filesUnder, readText } from "../support/repository.ts";

const row = /^\| `(SLUICE_[A-Z_]+)` \| (\w+) \| (yes|no) \| (.+) \| (.+) \|$/gm;

const sources = [...filesUnder("core", ".ts"), ...filesUnder("plugins", ".ts")].filter((file) => file !== "core/contract/errors/errors.ts");
const product = sources.map((file) => readText(file)).join("\n");

interface Documented {
  readonly source: string;
  readonly retryable: boolean;
}

function documented(): Map<string, Documented> {
  const rows = [...readText("docs/errors.md").matchAll(row)];
  return new Map(rows.map(([, code = "", source = "", retryable]) => [code, { source, retryable: retryable === "yes" }]));
}

describe("the error catalogue", () => {
  it("and docs/errors.md list the same codes", () => {
    expect([...documented().keys()].toSorted()).to.deep.equal(Object.keys(catalogue).toSorted());
  });

  it("and docs/errors.md agree on each code's source and whether it is retryable", () => {
    const expected = Object.entries(catalogue).map(([code, { source, retryable }]) => [code, { source, retryable }] as const);
    expect(Object.fromEntries(documented())).to.deep.equal(Object.fromEntries(expected));
  });

  it("lists no code that the product never uses", () => {
    const unmade = Object.keys(catalogue).filter((code) => !new RegExp(`["'\`]${code}["'\`]`).test(product));
    expect(unmade).to.deep.equal([]);
  });

  it("contains every code that the documentation names", () => {
    const named = documentationPages().flatMap((page) => [...readText(page).matchAll(/`(SLUICE_[A-Z_]+)`/g)].map(([, code = ""]) => code));
    const environment = new Set([...product.matchAll(/process\.env\["(\w+)"\]/g)].map(([, name = ""]) => name));
    const unknown = named.filter((name) => !(name in catalogue) && !environment.has(name) && !name.startsWith("SLUICE_TEST"));
    expect([...new Set(unknown)]).to.deep.equal([]);
  });
});
