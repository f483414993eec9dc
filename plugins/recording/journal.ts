import { mkdir, readFile, writeFile, appendFile } from "node:fs/promises";
import path from "node:path";
import { readRecording } from "./read-recording.ts";
import type { Entry } from "./recording.ts";
import { entriesOf, headOf } from "./write-recording.ts";

export type Mode = "none" | "once" | "new" | "all";

/** The file of a recording, to which sessions are added as they end. */
export class Journal {
  #last: Promise<void> = Promise.resolve();
  #sessions = 0;
  #known = new Set<string>();
  #begun = false;
  #closed = false;

  constructor(
    readonly file: string,
    private readonly mode: Mode,
  ) {}

  /** Looks at the file that is there. @throws SLUICE_RECORDING_INVALID */
  async look(): Promise<void> {
    const text = await readFile(this.file, "utf8").catch(() => undefined);
    if (this.mode === "none" || (this.mode === "once" && text !== undefined)) this.#closed = true;
    if (this.mode !== "new" || text === undefined) return;
    const { sessions } = readRecording(text, this.file);
    this.#begun = true;
    this.#sessions = sessions.length;
    this.#known = new Set(sessions.map((entries) => keyOf(entries)));
  }

  get records(): boolean {
    return !this.#closed;
  }

  /** One session that has ended. */
  add(entries: readonly Entry[], transport: "tcp" | "udp", upstream: string): Promise<void> {
    this.#last = this.#last.then(() => this.#write(entries, transport, upstream));
    return this.#last;
  }

  async settled(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  async #write(entries: readonly Entry[], transport: "tcp" | "udp", upstream: string): Promise<void> {
    const key = keyOf(entries);
    if (entries.length === 0 || (this.mode === "new" && this.#known.has(key))) return;
    this.#known.add(key);
    if (!this.#begun) {
      await mkdir(path.dirname(this.file), { recursive: true });
      await writeFile(this.file, headOf(transport, upstream), { mode: 0o600 });
    }
    this.#begun = true;
    this.#sessions += 1;
    await appendFile(this.file, entriesOf(entries, this.#sessions));
  }
}

/** What was said, whenever. */
function keyOf(entries: readonly Entry[]): string {
  return entries
    .map((entry) => ("close" in entry ? `${entry.close} ${entry.how}` : `${entry.from} ${entry.bytes.toString("hex")}`))
    .join("\n");
}
