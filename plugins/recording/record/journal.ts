import { readFile, stat } from "node:fs/promises";
import { SluiceError, type FileProgress } from "sluice";
import type { Entry } from "../format/recording.ts";
import type { RecordingMemory } from "./session-recorder.ts";
import { writeWhole } from "./write-file.ts";

export type Mode = "none" | "once" | "new" | "all";

/** The limits of one file. */
export interface JournalLimits {
  /** Bytes of the file, together with the data of sessions that have not ended. */
  readonly size: number;
  readonly sessions: number;
  readonly entries: number;
}

/** What a file is written with. */
export interface JournalTerms {
  readonly file: string;
  readonly mode: Mode;
  readonly datagrams: boolean;
  readonly limits: JournalLimits;
  /** Which of several workers writes it. */
  readonly worker: number | undefined;
}

/** The file of a recording, to which sessions are added as they end. */
export class Journal implements RecordingMemory {
  #writing: Promise<void> | undefined;
  #isStale = false;
  #looking: Promise<void> | undefined;
  /** The text of the file, in parts. */
  #text: string[] = [];
  #size = 0;
  /** What the file has. What could not be written stays in memory, and is tried again with the next session. */
  #written = { entries: 0, bytes: 0 };
  #held = 0;
  #sessions = 0;
  #entries = 0;
  /** The indentation and the number of the next session in the file. */
  #end = { indent: 0, next: 1 };
  readonly #known = new Set<string>();
  /** Names of fields that are not recorded, for the head of the file. */
  redacted: readonly string[] = [];
  /** For each open session, a function that adds its data so far. */
  readonly open = new Set<() => void>();
  /** The sessions that are being added. */
  readonly keeping = new Set<Promise<void>>();
  /** The error of the last failed write. */
  failure: SluiceError | undefined;
  /** Whether a session found no room. A smaller session may still find some. */
  isFull = false;
  #records = false;

  readonly file: string;
  readonly mode: Mode;
  readonly datagrams: boolean;
  readonly #limits: JournalLimits;
  readonly #worker: number | undefined;

  constructor({ file, mode, datagrams, limits, worker }: JournalTerms) {
    this.file = file;
    this.mode = mode;
    this.datagrams = datagrams;
    this.#limits = limits;
    this.#worker = worker;
  }

  /** Reads the existing file, at the first call. @throws SLUICE_RECORDING_INVALID */
  look(): Promise<void> {
    return (this.#looking ??= this.#look());
  }

  /** Whether sessions are recorded, according to the mode and the existing file. */
  get records(): boolean {
    return this.#records;
  }

  get progress(): FileProgress {
    return { ...this.#written, over: this.failure ?? (this.isFull ? "full" : undefined) };
  }

  take(bytes: number): boolean {
    if (
      this.#size + this.#held + bytes > this.#limits.size ||
      this.#sessions >= this.#limits.sessions ||
      this.#entries >= this.#limits.entries
    )
      return false;
    this.#held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }

  /**
   * Adds a session that has ended.
   *
   * @returns `known` for a session that is not new, `full` when there is no room for it
   * @throws the error of the operating system
   */
  async add(entries: readonly Entry[], upstream: string): Promise<"added" | "known" | "full"> {
    const { entriesOf, headOf } = await import("../format/write-recording.ts");
    const key = keyOf(entries, this.datagrams);
    if (entries.length === 0 || (this.mode === "new" && this.#known.has(key))) return "known";
    const text = entriesOf(entries, this.#nameOf(this.#end.next), this.#end.indent);
    const { size, sessions, entries: most } = this.#limits;
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

  /** The name of a session in the file. Those of several workers differ, so that their files can become one. */
  #nameOf(number: number): number | string {
    return this.#worker === undefined ? number : `w${this.#worker}-${number}`;
  }

  async #look(): Promise<void> {
    if (this.mode === "none") return;
    // Loaded before the first session, for a process that has no free descriptor then could never load it; not with this plugin, since many programs record nothing.
    await import("../format/write-recording.ts");
    const found = await stat(this.file).catch(() => undefined);
    this.#records = this.mode !== "once" || found === undefined;
    // Only a regular file is read: a device may have no end.
    if (this.mode !== "new" || found?.isFile() !== true) return;
    const text = await readFile(this.file, "utf8");
    if (text !== "") await this.#goOnWith(text);
  }

  async #goOnWith(text: string): Promise<void> {
    const { readRecording } = await import("../format/read-recording.ts");
    const { sessions, datagrams, end } = readRecording(text, this.file);
    const { indent, next } = end;
    if (datagrams !== this.datagrams)
      throw this.#invalid(`it was recorded over ${datagrams ? "udp" : "tcp"}, and nothing else can be added`);
    if (indent === undefined)
      throw this.#invalid("sessions are added at its end: let exchange be its last part, each entry on lines of its own");
    this.#end = { indent, next };
    this.#append(text.endsWith("\n") ? text : `${text}\n`);
    this.#sessions = sessions.length;
    this.#written = { entries: sessions.length, bytes: this.#size };
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

  /** Makes one write at a time; what is added meanwhile goes into the next write. */
  #write(): Promise<void> {
    this.#isStale = true;
    return (this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    }));
  }

  async #writeAll(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      const next = { entries: this.#sessions, bytes: this.#size };
      // oxlint-disable-next-line no-await-in-loop -- one write at a time
      await writeWhole(this.file, this.#text.join(""));
      this.#written = next;
    }
  }
}

/** Identifies a session by the client's data alone: answers may contain times or numbers that are different each time. */
function keyOf(entries: readonly Entry[], datagrams: boolean): string {
  const said = entries.flatMap((entry) => ("from" in entry && entry.from === "client" ? [entry.bytes] : []));
  return datagrams ? said.map((bytes) => bytes.toString("base64")).join(" ") : Buffer.concat(said).toString("base64");
}
