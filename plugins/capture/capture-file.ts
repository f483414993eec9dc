import { reasonOf, SluiceError } from "sluice";
import type { FileProgress, FlowTap, Logger, Session, TappedFlow, TappedWire, WireTap } from "sluice";
import { fileHeader, packetBlock, secretsBlock, type PacketFacts } from "./pcapng.ts";
import { RotatedFile, type Rotation } from "./rotated-file.ts";
import { SessionCapture, type CaptureSink } from "./session-capture.ts";

/** Bytes that may wait for a slow disk; more packets are lost. */
const MAX_WAITING = 16 * 1024 * 1024;
/** Bytes of one write. */
const MAX_BATCH = 1024 * 1024;

/** The captures that are open in this process. Plugin uses with the same file share one, also over a reload. */
const open = new Map<string, CaptureFile>();

/** A capture that is written in the background: a slow disk loses packets of the capture, and never delays a session. */
export class CaptureFile implements CaptureSink {
  readonly #sessions = new WeakMap<Session, SessionCapture>();
  #holders = 0;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Secrets that came before the packets that need them. */
  #secrets: Buffer[] = [];
  #writing: Promise<void> | undefined;
  /** Why the capture has ended: it is closed or full, or cannot be written. Later packets are dropped. */
  #over: "closed" | "full" | SluiceError | undefined;
  #packets = 0;
  #lost = 0;

  private constructor(
    private readonly file: RotatedFile,
    private readonly logger: Logger,
  ) {}

  /** Shares the capture of a path, or makes one. No file is opened before the first packet. */
  static acquire(path: string, rotation: Rotation, logger: Logger): CaptureFile {
    const shared = open.get(path) ?? new CaptureFile(new RotatedFile(path, fileHeader()), logger);
    open.set(path, shared);
    shared.#holders += 1;
    shared.file.rotation = rotation;
    return shared;
  }

  /** Settles when all packets so far are written. The last user's release closes the file. */
  async release(): Promise<void> {
    this.#holders -= 1;
    while (this.#writing !== undefined) await this.#writing;
    if (this.#holders > 0 || open.get(this.file.path) !== this) return;
    const isBroken = SluiceError.is(this.#over);
    this.#over ??= "closed";
    open.delete(this.file.path);
    await (isBroken ? this.file.close().catch(() => undefined) : this.#finish());
    if (this.#lost > 0)
      this.logger.warn({ file: this.file.path, lost: this.#lost }, "packets were lost: the disk was too slow for the capture");
  }

  get progress(): FileProgress {
    const over = this.#over === "closed" ? undefined : this.#over;
    return { entries: this.#packets, bytes: this.file.written, lost: this.#lost, over };
  }

  /** Watches one direction of a session. After a reload the session's conversation continues. */
  tap(flow: TappedFlow): FlowTap {
    return this.#of(flow.session).tap(flow);
  }

  /** Watches one connection of a session below its TLS. */
  wire(wire: TappedWire): WireTap {
    return this.#of(wire.session).wire(wire);
  }

  #of(session: Session): SessionCapture {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    const begun = new SessionCapture(session, this);
    this.#sessions.set(session, begun);
    session.signal.addEventListener("abort", () => {
      begun.end();
    });
    return begun;
  }

  packet(packet: Buffer, facts: Omit<PacketFacts, "at">): void {
    if (this.#over !== undefined) return;
    if (this.#waitingBytes + packet.length > MAX_WAITING) {
      this.#lost += 1;
      return;
    }
    const block = Buffer.concat([...this.#secrets, packetBlock(packet, { ...facts, at: now() })]);
    this.#secrets = [];
    this.#waiting.push(block);
    this.#waitingBytes += block.length;
    this.#writing ??= this.#writeAll();
  }

  /** A reader wants it before what it decrypts. Of an upstream that is what has just come: so it goes before whatever is not written yet. */
  secret(line: Buffer): void {
    if (this.#over !== undefined) return;
    const block = secretsBlock(line);
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#secrets.push(block);
      return;
    }
    this.#waiting[0] = Buffer.concat([block, first]);
    this.#waitingBytes += block.length;
  }

  async #writeAll(): Promise<void> {
    // All packets of one turn of the event loop become one write.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#takeBatch();
        // oxlint-disable-next-line no-await-in-loop -- one write after the other: it is one file
        const written = await this.file.append(batch);
        for (const { length } of batch) this.#waitingBytes -= length;
        this.#packets += written;
        if (written < batch.length) this.#endWith("full");
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#writing = undefined;
  }

  async #finish(): Promise<void> {
    try {
      await this.file.finish();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.logger.error({ err: error, file: this.file.path }, "the capture has ended: its file cannot be written");
    this.#endWith(new SluiceError("SLUICE_FILE_UNWRITABLE", reasonOf(error), { where: this.file.path, cause: error }));
  }

  #endWith(over: "full" | SluiceError): void {
    this.#over = over;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #takeBatch(): Buffer[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ length }) => (bytes += length) > MAX_BATCH);
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
  }
}

/** The time in nanoseconds since the epoch. */
function now(): bigint {
  const microseconds = BigInt(Math.floor(performance.timeOrigin * 1000));
  return microseconds * 1000n + BigInt(Math.round(performance.now() * 1e6));
}
