/** One line of an exposition. */
interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with its lines. */
export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly series: readonly Series[];
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/y;

/**
 * Reads Prometheus' text format (version 0.0.4) as strictly as its own parser: each family has HELP and TYPE before its samples and stands
 * together, no line comes twice, and a histogram's buckets are cumulative and end with its count.
 *
 * @throws with the line that is wrong
 */
export function parseExposition(text: string): ReadonlyMap<string, MetricFamily> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const reader = new ExpositionReader();
  for (const line of text.split("\n")) if (line !== "") reader.read(line);
  for (const family of reader.families.values()) if (family.type === "histogram") checkHistogram(family);
  return reader.families;
}

class ExpositionReader {
  readonly families = new Map<string, MetricFamily & { type: string; readonly series: Series[] }>();
  readonly #seen = new Set<string>();
  #current: (MetricFamily & { type: string; readonly series: Series[] }) | undefined;

  read(line: string): void {
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === "HELP") this.#begin(name, rest);
    else if (keyword === "TYPE") this.#type(name, rest);
    else this.#sample(line);
  }

  #begin(name: string, help: string): void {
    if (this.families.has(name)) throw new Error(`a family comes twice: ${name}`);
    this.#current = { name, type: "untyped", help, series: [] };
    this.families.set(name, this.#current);
  }

  #type(name: string, type: string): void {
    if (this.#current?.name !== name || this.#current.series.length > 0) throw new Error(`a TYPE out of its place: ${name}`);
    if (!["counter", "gauge", "histogram"].includes(type)) throw new Error(`no type: ${type}`);
    this.#current.type = type;
  }

  #sample(line: string): void {
    const series = seriesOf(line);
    const family = this.#current;
    if (family === undefined || familyOf(series.name, family.type) !== family.name) throw new Error(`a sample of no family: ${line}`);
    const key = line.slice(0, line.lastIndexOf(" "));
    if (this.#seen.has(key)) throw new Error(`a series comes twice: ${line}`);
    this.#seen.add(key);
    family.series.push(series);
  }
}

function seriesOf(line: string): Series {
  const [, name, labels = "", value] = sampleLine.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  const number = value === "+Inf" ? Infinity : Number(value);
  if (Number.isNaN(number)) throw new Error(`no number: ${line}`);
  return { name, labels: labelsOf(labels, line), value: number };
}

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let at = 0; at < text.length; at = labelPair.lastIndex) {
    labelPair.lastIndex = at;
    const [, name, value] = labelPair.exec(text) ?? [];
    if (name === undefined || value === undefined || name in labels) throw new Error(`no labels: ${line}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

function familyOf(name: string, type: string): string {
  return type === "histogram" ? name.replace(/_(bucket|sum|count)$/, "") : name;
}

function checkHistogram({ name, series }: MetricFamily): void {
  const groups = new Map<string, Series[]>();
  for (const each of series) {
    const { le: _, ...others } = each.labels;
    const key = JSON.stringify(others);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  for (const [key, group] of groups) checkBuckets(name, key, group);
}

function checkBuckets(name: string, key: string, group: readonly Series[]): void {
  const buckets = group.filter((each) => each.name === `${name}_bucket`);
  const count = group.find((each) => each.name === `${name}_count`)?.value;
  if (count === undefined || !group.some((each) => each.name === `${name}_sum`)) throw new Error(`${name}${key} has no count or sum`);
  const bounds = buckets.map(({ labels }) => (labels["le"] === "+Inf" ? Infinity : Number(labels["le"])));
  const values = buckets.map(({ value }) => value);
  const areRising = bounds.every((bound, at) => at === 0 || bound > (bounds[at - 1] ?? 0));
  const areCumulative = values.every((value, at) => at === 0 || value >= (values[at - 1] ?? 0));
  if (!areRising || !areCumulative) throw new Error(`${name}${key}: its buckets do not rise`);
  if (bounds.at(-1) !== Infinity || values.at(-1) !== count) throw new Error(`${name}${key}: its last bucket is not its count`);
}
