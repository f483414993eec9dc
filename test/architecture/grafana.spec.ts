import { expect } from "chai";
import { parse } from "yaml";
import { coreFamilies } from "../../core/admin/metrics/families.ts";
import { readText } from "../support/repository.ts";

/** All texts under these keys, wherever they stand. */
function textsOf(value: unknown, keys: ReadonlySet<string>): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (keys.has(key) && typeof inner === "string" ? [inner] : textsOf(inner, keys)));
}

const known = new Map(
  coreFamilies.flatMap(({ name, type, labels }) =>
    type === "histogram"
      ? ["_bucket", "_sum", "_count"].map(
          (suffix) => [`${name}${suffix}`, new Set([...labels, ...(suffix === "_bucket" ? ["le"] : [])])] as const,
        )
      : [[name, new Set(labels)] as const],
  ),
);
/** What every series gets where it is scraped. */
const ofScrapes = ["instance", "job"];
const metric = /\b((?:sluice|http)_[a-z_]+)(?:\{([^}]*)\})?/g;
const grouping = /\bby \(([^)]*)\)/g;

function check(expression: string): string[] {
  const found = [...expression.matchAll(metric)].filter(([, name = ""]) => !/^http_(request|response)_/.test(name));
  const allowed = new Set([...ofScrapes, ...found.flatMap(([, name = ""]) => [...(known.get(name) ?? [])])]);
  for (const [, name = "", selectors = ""] of found) {
    expect(known.has(name), `${name} in ${expression}`).to.equal(true);
    for (const [, label = ""] of selectors.matchAll(/(\w+)\s*(?:=~|=|!=|!~)/g))
      expect([...ofScrapes, ...(known.get(name) ?? [])], `${label} of ${name} in ${expression}`).to.include(label);
  }
  for (const [, labels = ""] of expression.matchAll(grouping))
    for (const label of labels.split(",").map((each) => each.trim()))
      expect(allowed.has(label), `${label} in ${expression}`).to.equal(true);
  return found.map(([, name = ""]) => name);
}

describe("docs/grafana", () => {
  it("queries only existing metrics and labels, and all that a person would look at", () => {
    const dashboard: unknown = JSON.parse(readText("docs/grafana/sluice.json"));
    const used = new Set(textsOf(dashboard, new Set(["expr", "query", "definition"])).flatMap(check));
    for (const { name } of coreFamilies)
      if (!["sluice_start_time_seconds"].includes(name))
        expect(
          [...used].some((each) => each.startsWith(name)),
          name,
        ).to.equal(true);
  });

  it("has alerts only on existing metrics", () => {
    const rules = textsOf(parse(readText("docs/grafana/alerts.yaml")), new Set(["expr"]));
    expect(rules).to.have.length(6);
    expect(rules.flatMap(check)).to.have.length(6);
  });
});
