import { readFile, stat } from "node:fs/promises";
import { SluiceError, type FileProgress } from "sluice";
import type { Entry } from "./recording.ts";
import type { Room } from "./session-recorder.ts";
import { writeWhole } from "./write-file.ts";

export type Mode = "none" | "once" | "new" | "all";

/** What one file may hold. */
export interface JournalLimits {
  /** Bytes, of the file and of what is held until its sessions end. */
  readonly size: number;
  readonly sessions: number;
  readonly entries: number;
}

/** The file of a recording, to which sessions are added as they end. */
export class Journal implements Room {
  #writing: Promise<void> | undefined;
  #isStale = false;
  #looking: Promise<void> | undefined;
  /** The file, in parts. */
  #text: string[] = [];
  #size = 0;
  #held = 0;
  #sessions = 0;
  #entries = 0;
  /** How the file goes on. */
  #end = { indent: 0, next: 1 };
  readonly #known = new Set<string>();
  /** Names that are not recorded, for the head of the file. */
  redacted: readonly string[] = [];
  /** Each keeps what a session that is open has said so far. */
  readonly open = new Set<() => void>();
  /** What is being added. */
  readonly keeping = new Set<Promise<void>>();
  /** Why it could not be written, the last time. */
  failure: SluiceError | undefined;
  /** A session found no room; a smaller one still may. */
  isFull = false;
  #records = false;

  constructor(
    readonly file: string,
    readonly mode: Mode,
    readonly datagrams: boolean,
    private readonly limits: JournalLimits,
  ) {}

  /** Looks at the file that is there, once. @throws SLUICE_RECORDING_INVALID */
  look(): Promise<void> {
    return (this.#looking ??= this.#look());
  }

  /** Whether anything is recorded at all. */
  get records(): boolean {
    return this.#records;
  }

  get progress(): FileProgress {
    return { entries: this.#sessions, bytes: this.#size, over: this.failure ?? (this.isFull ? "full" : undefined) };
  }

  take(bytes: number): boolean {
    if (
      this.#size + this.#held + bytes > this.limits.size ||
      this.#sessions >= this.limits.sessions ||
      this.#entries >= this.limits.entries
    )
      return false;
    this.#held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }

  /**
   * One session that has ended.
   *
   * @returns whether it was added: not where it says nothing new, or there is no room
   * @throws what the operating system says
   */
  async add(entries: readonly Entry[], upstream: string): Promise<"added" | "known" | "full"> {
    // Loaded with the first session: a program that uses this plugin's package may record nothing.
    const { entriesOf, headOf } = await import("./write-recording.ts");
    const key = keyOf(entries, this.datagrams);
    if (entries.length === 0 || (this.mode === "new" && this.#known.has(key))) return "known";
    const text = entriesOf(entries, this.#end.next, this.#end.indent);
    const { size, sessions, entries: most } = this.limits;
    if (this.#size + text.length > size || this.#sessions >= sessions || this.#entries + entries.length > most) return "full";
    this.#known.add(key);
    if (this.#text.length === 0) this.#append(headOf(this.datagrams ? "udp" : "tcp", upstream, this.redacted));
    this.#append(text);
    this.#end.next += 1;
    this.#sessions += 1;
    this.#entries += entries.length;
    await this.#write();
    return "added";
  }

  async #look(): Promise<void> {
    if (this.mode === "none") return;
    const found = await stat(this.file).catch(() => undefined);
    this.#records = this.mode !== "once" || found === undefined;
    // A device has no end to be read to.
    if (this.mode !== "new" || found?.isFile() !== true) return;
    const text = await readFile(this.file, "utf8");
    if (text !== "") await this.#goOnWith(text);
  }

  async #goOnWith(text: string): Promise<void> {
    const { readRecording } = await import("./read-recording.ts");
    const { sessions, datagrams, end } = readRecording(text, this.file);
    const { indent, next } = end;
    if (datagrams !== this.datagrams)
      throw this.#invalid(`it was recorded over ${datagrams ? "udp" : "tcp"}, and nothing else can be added`);
    if (indent === undefined)
      throw this.#invalid("sessions are added at its end: let exchange be its last part, each entry on lines of its own");
    this.#end = { indent, next };
    this.#append(text.endsWith("\n") ? text : `${text}\n`);
    this.#sessions = sessions.length;
    for (const entries of sessions) {
      this.#entries += entries.length;
      this.#known.add(keyOf(entries, this.datagrams));
    }
  }

  #invalid(message: string): SluiceError {
    return new SluiceError("SLUICE_RECORDING_INVALID", message, { where: this.file });
  }

  #append(text: string): void {
    this.#text.push(text);
    this.#size += Buffer.byteLength(text);
  }

  /** One write at a time; what comes meanwhile goes into the next. */
  #write(): Promise<void> {
    this.#isStale = true;
    return (this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    }));
  }

  async #writeAll(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      // oxlint-disable-next-line no-await-in-loop -- one write at a time
      await writeWhole(this.file, this.#text.join(""));
    }
  }
}

/** What the client said, whenever: answers may have a time or a number of their own, and match nothing for that. */
function keyOf(entries: readonly Entry[], datagrams: boolean): string {
  const said = entries.flatMap((entry) => ("from" in entry && entry.from === "client" ? [entry.bytes] : []));
  return datagrams ? said.map((bytes) => bytes.toString("base64")).join(" ") : Buffer.concat(said).toString("base64");
}
