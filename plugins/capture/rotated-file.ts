import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join, parse } from "node:path";

export interface Rotation {
  /** The most bytes of one file. */
  readonly size: number;
  /** Number of files that are kept. 0: there is one file, and writing ends when it is full. */
  readonly files: number;
}

/** Rotated files: `a.pcapng` is the current one, `a.1.pcapng` the one before it, `a.2.pcapng` the one before that. */
export class RotatedFile {
  rotation: Rotation = { size: Infinity, files: 1 };
  #handle: FileHandle | undefined;
  /** Bytes in the current file. */
  #bytes = 0;
  #written = 0;
  /** Bytes that were written to the current file. */
  #whole = 0;

  /** @param header the beginning of every file */
  constructor(
    readonly path: string,
    private readonly header: Buffer,
  ) {}

  /** Bytes in all files. */
  get written(): number {
    return this.#written;
  }

  /**
   * Writes parts; no part is divided between two files.
   *
   * @returns how many parts were written: all, except when the single file is full
   * @throws the error of the operating system; nothing can be written after it
   */
  async append(parts: readonly Buffer[]): Promise<number> {
    let ready: Buffer[] = [];
    for (const [index, part] of parts.entries()) {
      const isFull = this.#bytes + part.length > this.rotation.size && this.#bytes > this.header.length;
      if (isFull && this.rotation.files === 0) {
        // oxlint-disable-next-line no-await-in-loop -- the last write
        await this.#write(ready);
        return index;
      }
      if (this.#handle === undefined || isFull) {
        // oxlint-disable-next-line no-await-in-loop -- one write after the other: it is one file
        await this.#write(ready);
        ready = [];
        // oxlint-disable-next-line no-await-in-loop -- one file after the other
        await this.#begin();
      }
      ready.push(part);
      this.#bytes += part.length;
    }
    await this.#write(ready);
    return parts.length;
  }

  /** Ends the current file. A file that was created for this capture and got no packets becomes an empty capture. */
  async finish(): Promise<void> {
    const isEmpty = this.#written === 0 && (await stat(this.path).catch(() => undefined))?.size === 0;
    if (isEmpty) await this.#begin();
    await this.close();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #write(parts: readonly Buffer[]): Promise<void> {
    // appendFile continues after a short write; writev does not.
    if (parts.length === 0) return;
    const whole = Buffer.concat(parts);
    try {
      await this.#handle?.appendFile(whole);
    } catch (error) {
      await this.#cutBack(parts);
      throw error;
    }
    this.#written += whole.length;
    this.#whole += whole.length;
  }

  /** Removes the part that a full disk cut in the middle, so that the file can be read to its end. */
  async #cutBack(parts: readonly Buffer[]): Promise<void> {
    const size = (await this.#handle?.stat().catch(() => undefined))?.size ?? 0;
    let end = this.#whole;
    for (const { length } of parts) {
      if (end + length > size) break;
      end += length;
    }
    this.#written += end - this.#whole;
    await this.#handle?.truncate(end).catch(() => undefined);
  }

  async #begin(): Promise<void> {
    await this.close();
    await this.#shift();
    // What passed through a proxy is nobody else's business, also where an empty file was there.
    this.#handle = await open(this.path, "w", 0o600);
    await this.#handle.chmod(0o600);
    this.#bytes = this.header.length;
    this.#whole = 0;
    await this.#write([this.header]);
  }

  async #shift(): Promise<void> {
    const found = await stat(this.path).catch(() => undefined);
    // An empty file was created for this capture: it is not worth keeping.
    if (found === undefined || found.size === 0) return;
    const files = Math.max(1, this.rotation.files);
    await rm(this.#older(files - 1), { force: true });
    for (let at = files - 2; at >= 0; at -= 1)
      // oxlint-disable-next-line no-await-in-loop -- the oldest moves first
      await rename(this.#older(at), this.#older(at + 1)).catch(ignoreMissing);
  }

  #older(at: number): string {
    const { dir, name, ext } = parse(this.path);
    return at === 0 ? this.path : join(dir, `${name}.${at}${ext}`);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
