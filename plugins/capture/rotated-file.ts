import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join, parse } from "node:path";

export interface Rotation {
  /** Bytes of one file. */
  readonly size: number;
  /** Files that are kept. */
  readonly files: number;
}

/** Files that take turns: `a.pcapng` is the one that is written to, `a.1.pcapng` the one before it, `a.2.pcapng` the one before that. */
export class RotatedFile {
  rotation: Rotation = { size: Infinity, files: 1 };
  #handle: FileHandle | undefined;
  #bytes = 0;

  /** @param header what every file begins with */
  constructor(
    readonly path: string,
    private readonly header: Buffer,
  ) {}

  /** Writes parts, each whole in one file. @throws what the operating system says; nothing is written after that */
  async append(parts: readonly Buffer[]): Promise<void> {
    let ready: Buffer[] = [];
    for (const part of parts) {
      const isFull = this.#bytes + part.length > this.rotation.size && this.#bytes > this.header.length;
      if (this.#handle === undefined || isFull) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other: it is one file
        await this.#write(ready);
        ready = [];
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await this.#begin();
      }
      ready.push(part);
      this.#bytes += part.length;
    }
    await this.#write(ready);
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #write(parts: readonly Buffer[]): Promise<void> {
    // appendFile goes on after a short write, where writev does not.
    if (parts.length > 0) await this.#handle?.appendFile(Buffer.concat(parts));
  }

  async #begin(): Promise<void> {
    await this.close();
    await this.#shift();
    // What passed through a proxy is nobody else's business.
    this.#handle = await open(this.path, "w", 0o600);
    this.#bytes = this.header.length;
    await this.#handle.appendFile(this.header);
  }

  async #shift(): Promise<void> {
    if ((await stat(this.path).catch(() => undefined)) === undefined) return;
    const { files } = this.rotation;
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
