import { open, type FileHandle } from "node:fs/promises";

const PACKET = 6;
const SECRETS = 10;
/** Bytes of one read. */
const AT_ONCE = 1024 * 1024;
/** The bytes in front of a block's body: its type and its length. */
const HEAD = 8;

/** Reads the packets of a capture that `capture()` has written, in their order. A block that is cut off ends it: its process died. */
export class CaptureReader {
  /** The next packet's block, with the secrets before it; undefined: there are no more. */
  packet: Buffer | undefined;
  /** When it passed, in nanoseconds. */
  at = 0n;
  #read = Buffer.alloc(0);

  private constructor(private readonly file: FileHandle) {}

  /** @returns undefined if there is no such file. Rejects with the error of the operating system. */
  static async open(path: string): Promise<CaptureReader | undefined> {
    const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    const reader = new CaptureReader(file);
    await reader.advance();
    return reader;
  }

  /** Goes to the next packet. */
  async advance(): Promise<void> {
    const before: Buffer[] = [];
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one block after the other
      const block = await this.#next();
      const type = block?.readUInt32LE(0);
      if (block !== undefined && type === SECRETS) before.push(block);
      if (block !== undefined && type !== PACKET) continue;
      this.packet = block === undefined || before.length === 0 ? block : Buffer.concat([...before, block]);
      if (block !== undefined) this.at = (BigInt(block.readUInt32LE(12)) << 32n) | BigInt(block.readUInt32LE(16));
      return;
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }

  async #next(): Promise<Buffer | undefined> {
    if (!(await this.#has(HEAD))) return undefined;
    const length = this.#read.readUInt32LE(4);
    if (length < HEAD || !(await this.#has(length))) return undefined;
    const block = this.#read.subarray(0, length);
    this.#read = this.#read.subarray(length);
    return block;
  }

  /** Whether so many bytes could be read. */
  async #has(bytes: number): Promise<boolean> {
    while (this.#read.length < bytes) {
      const buffer = Buffer.allocUnsafe(Math.max(AT_ONCE, bytes - this.#read.length));
      // oxlint-disable-next-line no-await-in-loop -- one read after the other
      const { bytesRead } = await this.file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return false;
      this.#read = Buffer.concat([this.#read, buffer.subarray(0, bytesRead)]);
    }
    return true;
  }
}
