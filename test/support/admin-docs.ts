import { coreFamilies } from "../../core/admin/metrics/families.ts";
import { answerTypes } from "./answer-types.ts";
import { operations } from "../../core/admin/operations/operations.ts";

const escaped = (text: string): string => text.replaceAll("|", String.raw`\|`);

/** The table of docs/admin-api.md. */
function operationsTable(): string {
  const rows = operations.map(({ name, method, path, summary, input, answer }) => {
    const inPath = new Set(Array.from(path.matchAll(/\{(\w+)\}/g), ([, each]) => each));
    const others = Object.keys(input.shape).filter((each) => !inPath.has(each));
    return `| \`${method} ${path}\` | ${others.map((each) => `\`${each}\``).join(", ")} | ${escaped(summary)} | ${answer === "stream" ? "events" : `\`${answer}\``} | \`${name}\` |`;
  });
  return ["| call | takes | what it does | answer | name |", "|---|---|---|---|---|", ...rows].join("\n");
}

/** The table of docs/metrics.md. */
function metricsTable(): string {
  const rows = coreFamilies.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.map((each) => `\`${each}\``).join(", ")} | ${escaped(help)} |`,
  );
  return ["| metric | type | labels | what it is |", "|---|---|---|---|", ...rows].join("\n");
}

/** The types of docs/admin-api.md. */
function answersBlock(): string {
  return ["```ts", answerTypes(), "```"].join("\n");
}

/** The pages that have a generated table: between which marks, and what. */
export const generated = [
  { page: "docs/admin-api.md", begins: /<!-- operations: .*-->\n/, ends: "<!-- end of operations -->", table: operationsTable },
  { page: "docs/admin-api.md", begins: /<!-- answers: .*-->\n/, ends: "<!-- end of answers -->", table: answersBlock },
  { page: "docs/metrics.md", begins: /<!-- metrics: .*-->\n/, ends: "<!-- end of metrics -->", table: metricsTable },
] as const;

/** A page's text with its table made again. */
export function withTable(text: string, { begins, ends, table }: (typeof generated)[number]): string {
  const start = begins.exec(text);
  const end = text.indexOf(ends);
  if (start === null || end < 0) throw new Error("the marks of the generated table are missing");
  return `${text.slice(0, start.index + start[0].length)}\n${table()}\n\n${text.slice(end)}`;
}
