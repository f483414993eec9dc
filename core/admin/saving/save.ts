import { Subscription } from "rxjs";
import type { FileProgress } from "../../contract/index.ts";
import type { SaveHost, SaveKind, Writing } from "./save-host.ts";

/** Why nothing more is written to a file. `closed`: the proxy has closed. */
export type SaveEnd = "stopped" | "time" | "full" | "session" | "failed" | "closed";

/** A file that traffic is or was written to. */
export interface SaveView {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  /** This and the following properties are unknown for a file that an earlier process wrote. */
  readonly listener?: string | undefined;
  /** The one session that is in it. */
  readonly session?: number | undefined;
  readonly state: "running" | "ended";
  /** Epoch milliseconds. */
  readonly startedAt?: number | undefined;
  /** When it ends by itself, in epoch milliseconds. */
  readonly until?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly reason?: SaveEnd | undefined;
  /** What failed. */
  readonly message?: string | undefined;
  /** What is in it: packets of a capture, sessions of a recording. */
  readonly entries?: number | undefined;
  readonly bytes: number;
  /** Entries that are missing, since the disk was too slow. */
  readonly lost?: number | undefined;
}

/** What is saved, and the limits. */
export interface SaveTerms {
  readonly kind: SaveKind;
  readonly file: string;
  readonly name: string;
  readonly listener: string;
  readonly session: number | undefined;
  /** Milliseconds; undefined: until somebody stops it. */
  readonly for: number | undefined;
  /** Bytes that the file may have. */
  readonly size: number;
}

/** Milliseconds between two checks whether the plugin still writes. */
const LOOK_MS = 250;

/** A file that is being written. It ends once, for the first reason that occurs. */
export class Save {
  readonly startedAt = Date.now();
  /** Resolves when the file is complete. */
  readonly ended: Promise<void>;
  #settle: () => void = () => undefined;
  #end: { readonly reason: SaveEnd; readonly at: number } | undefined;
  #last: FileProgress | undefined;
  readonly #following = new Subscription();

  constructor(
    readonly terms: SaveTerms,
    private readonly writing: Writing,
    proxy: Pick<SaveHost, "lifecycle" | "arrivals">,
  ) {
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const looking = setInterval(() => {
      this.#look();
    }, LOOK_MS).unref();
    const until = terms.for === undefined ? undefined : setTimeout(() => void this.end("time"), terms.for).unref();
    this.#following.add(() => {
      clearInterval(looking);
      clearTimeout(until);
    });
    this.#following.add(proxy.lifecycle.subscribe({ complete: () => void this.end("closed") }));
    if (terms.session !== undefined)
      this.#following.add(
        proxy.arrivals.subscribe((event) => {
          if (event.type === "session-ended" && event.record.session === terms.session) void this.end("session");
        }),
      );
  }

  get view(): SaveView {
    const { name, file, listener, session, for: time } = this.terms;
    const { entries = 0, bytes = 0, lost, over } = this.#progress() ?? {};
    const { startedAt } = this;
    const known = { name, file, listener, session, startedAt, entries, bytes, ...(lost === undefined || lost === 0 ? {} : { lost }) };
    if (this.#end === undefined) return { ...known, state: "running", ...(time === undefined ? {} : { until: startedAt + time }) };
    const { reason, at } = this.#end;
    return { ...known, state: "ended", endedAt: at, reason, message: typeof over === "object" ? over.message : undefined };
  }

  /** Ends it. Resolves when the file is complete. */
  async end(reason: SaveEnd): Promise<void> {
    if (this.#end !== undefined) return this.ended;
    this.#end = { reason, at: Date.now() };
    this.#following.unsubscribe();
    this.#last = await this.writing.end();
    if (typeof this.#last?.over === "object") this.#end = { ...this.#end, reason: "failed" };
    this.#settle();
  }

  #look(): void {
    const { over } = this.#progress() ?? {};
    if (over !== undefined) void this.end(over === "full" ? "full" : "failed");
  }

  #progress(): FileProgress | undefined {
    return this.#last ?? this.writing.progress;
  }
}
