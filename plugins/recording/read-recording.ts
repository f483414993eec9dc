import { SluiceError } from "sluice";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type YAMLMap } from "yaml";
import type { Entry, Recording } from "./recording.ts";

/** Reads `sluice: recording/1`. @throws SLUICE_RECORDING_INVALID with file:line:column */
export function readRecording(text: string, file: string): Recording {
  return new Reader(text, file).recording();
}

const hasDatagrams: ReadonlyMap<unknown, boolean> = new Map([
  ["tcp", false],
  ["udp", true],
]);

class Reader {
  readonly #lines = new LineCounter();
  readonly #document;

  constructor(
    text: string,
    private readonly file: string,
  ) {
    this.#document = parseDocument(text, { lineCounter: this.#lines });
  }

  recording(): Recording {
    const [broken] = this.#document.errors;
    if (broken !== undefined) throw this.#wrong(broken.pos[0], broken.message.split("\n")[0] ?? "");
    const root = this.#document.contents;
    if (!isMap(root)) throw this.#wrong(0, 'expected "sluice: recording/1"');
    const map: YAMLMap = root;
    if (map.get("sluice") !== "recording/1") throw this.#at(root.get("sluice", true), 'expected "sluice: recording/1"');
    const datagrams = hasDatagrams.get(map.get("transport"));
    if (datagrams === undefined) throw this.#at(root.get("transport", true), "expected transport: tcp or udp");
    const exchange = map.get("exchange");
    if (!isSeq(exchange)) throw this.#at(root, "expected a list: exchange");
    const sessions = new Map<unknown, Entry[]>();
    for (const item of exchange.items) {
      const [session, entry] = this.#entry(item as Node);
      const entries = sessions.get(session) ?? [];
      sessions.set(session, [...entries, entry]);
    }
    return { datagrams, sessions: [...sessions.values()] };
  }

  #entry(item: Node): [unknown, Entry] {
    if (!isMap(item)) throw this.#at(item, "expected an entry with from or close");
    const known = new Set(["session", "from", "at", "text", "hex", "base64", "close", "how"]);
    for (const { key } of item.items) if (!known.has(String(key))) throw this.#at(key, `unknown: ${String(key)}`);
    const session = item.get("session") ?? 1;
    const at = this.#time(item);
    const close = item.get("close");
    if (close === undefined) return [session, { from: this.#side(item, "from"), at, bytes: this.#bytes(item) }];
    const how = item.get("how") ?? "fin";
    if (how !== "fin" && how !== "reset") throw this.#at(item.get("how", true), "expected how: fin or reset");
    return [session, { close: this.#side(item, "close"), at, how }];
  }

  #side(item: YAMLMap, key: string): "client" | "upstream" {
    const side = item.get(key);
    if (side === "client" || side === "upstream") return side;
    throw this.#at(item.get(key, true) ?? item, `expected ${key}: client or upstream`);
  }

  #time(item: YAMLMap): number {
    const at: unknown = item.get("at") ?? "0ms";
    const [, digits] = /^(\d+(?:\.\d+)?) ?ms$/.exec(typeof at === "string" ? at : "") ?? [];
    if (digits === undefined) throw this.#at(item.get("at", true), 'expected milliseconds such as "1.5ms"');
    return Number(digits);
  }

  #bytes(item: YAMLMap): Buffer {
    const given = ["text", "hex", "base64"].filter((key) => item.has(key));
    const [key = ""] = given;
    const value = item.get(key);
    if (given.length !== 1 || typeof value !== "string") throw this.#at(item, "expected one text: text, hex or base64, in quotes");
    if (key === "text") return Buffer.from(value);
    const compact = value.replaceAll(/\s/g, "");
    if (key === "hex" && !/^(?:[\da-f]{2})*$/i.test(compact)) throw this.#at(item.get(key, true), "expected pairs of hex digits");
    return Buffer.from(compact, key as BufferEncoding);
  }

  #at(node: unknown, message: string): SluiceError {
    const range = isScalar(node) || isMap(node) || isSeq(node) ? node.range : undefined;
    return this.#wrong(range?.[0] ?? 0, message);
  }

  #wrong(offset: number, message: string): SluiceError {
    const { line, col } = this.#lines.linePos(offset);
    return new SluiceError("SLUICE_RECORDING_INVALID", message, { where: `${this.file}:${Math.max(1, line)}:${Math.max(1, col)}` });
  }
}
