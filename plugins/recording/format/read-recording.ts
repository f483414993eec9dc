import { isMap, isSeq, LineCounter, parseDocument, visit, type Node, type YAMLMap } from "yaml";
import { PLACEHOLDER } from "./hex-text.ts";
import { readEntry } from "./read-entry.ts";
import type { Entry, Recording } from "./recording.ts";
import { RecordingSource } from "./recording-source.ts";

const HEAD = new Set(["sluice", "transport", "upstream", "redacted", "exchange"]);
const hasDatagrams: ReadonlyMap<unknown, boolean> = new Map([
  ["tcp", false],
  ["udp", true],
]);

/** Reads `sluice: recording/1`. @throws SLUICE_RECORDING_INVALID with file:line:column */
export function readRecording(text: string, file: string): Recording {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const source = new RecordingSource(file, lines);
  const [broken] = document.errors;
  if (broken !== undefined) throw source.wrongAt(broken.pos[0], broken.message.split("\n")[0] ?? "");
  // Two entries that share a part would both change with it.
  visit(document, {
    Alias(_, alias) {
      throw source.wrongAt(alias.range?.[0] ?? 0, `write the value here: aliases such as *${alias.source} are not read`);
    },
  });
  const root = document.contents;
  if (root === null) throw source.wrongAt(0, 'it is empty: nothing was recorded, or expected "sluice: recording/1"');
  if (!isMap(root)) throw source.wrongAt(0, 'expected "sluice: recording/1"');
  const map: YAMLMap = root;
  if (map.get("sluice") !== "recording/1") throw source.wrong(map.get("sluice", true), 'expected "sluice: recording/1"');
  source.refuseUnknown(map, HEAD);
  const datagrams = hasDatagrams.get(map.get("transport"));
  if (datagrams === undefined) throw source.wrong(map.get("transport", true), "expected transport: tcp or udp");
  const sessions = sessionsIn(map, source);
  const numbers = [...sessions.keys()]
    .map((name) => Number(String(name).replace(/^w\d+-/, "")))
    .filter((number) => Number.isSafeInteger(number));
  const names = [...sessions.keys()].map((name) => (typeof name === "number" ? name : String(name)));
  const end = { indent: indentOf(map, lines), next: Math.max(0, ...numbers) + 1 };
  return { datagrams, sessions: [...sessions.values()], names, end };
}

/** The indentation of the entries, if they are the last part of the file and each has lines of its own. */
function indentOf(root: YAMLMap, lines: LineCounter): number | undefined {
  const exchange = root.get("exchange", true) as unknown;
  if (root.flow === true || String(root.items.at(-1)?.key) !== "exchange") return undefined;
  if (!isSeq(exchange)) return 0;
  if (exchange.flow === true || exchange.range === undefined || exchange.range === null) return undefined;
  return lines.linePos(exchange.range[0]).col - 1;
}

function sessionsIn(root: YAMLMap, source: RecordingSource): Map<unknown, Entry[]> {
  const exchange = root.get("exchange");
  // A new file to which no session has been added yet.
  if (exchange === undefined && root.has("exchange")) return new Map();
  if (!isSeq(exchange)) throw source.wrong(root, "expected a list: exchange");
  const sessions = new Map<unknown, Entry[]>();
  for (const item of exchange.items) {
    const [session, entry] = readEntry(item as Node, source);
    const entries = sessions.get(session) ?? [];
    refuseUncaptured(entry, entries, () => source.wrong(item, "nothing before it captures what its template names"));
    entries.push(entry);
    sessions.set(session, entries);
  }
  return sessions;
}

/** Refuses a template with a name that no earlier entry captures: it would always be empty. */
function refuseUncaptured(entry: Entry, before: readonly Entry[], wrong: () => Error): void {
  if (!("from" in entry) || entry.template !== true) return;
  const known = new Set(before.flatMap((each) => ("from" in each ? [...(each.capture?.keys() ?? [])] : [])));
  const names = [...entry.bytes.toString("latin1").matchAll(PLACEHOLDER)].map(([, name = ""]) => name);
  if (names.some((name) => !known.has(name))) throw wrong();
}
