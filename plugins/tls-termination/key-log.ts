import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { invalidCertificate } from "./certificates/invalid-certificate.ts";
import { refuseForeign } from "./certificates/own-path.ts";

/** Bytes that may wait for a slow disk; more lines are lost. */
const MAX_WAITING = 1024 * 1024;

/** Appends TLS secrets to a file that only its owner may read. */
export class KeyLog {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** Lines that were lost because the disk was too slow or full. */
  lost = 0;

  private constructor(private readonly handle: FileHandle) {}

  /** @throws SLUICE_CERTIFICATE_INVALID when the file cannot be opened, or another user could have created it */
  static async open(file: string): Promise<KeyLog> {
    await refuseForeign(file, "file");
    try {
      const handle = await open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
      await handle.chmod(0o600);
      return new KeyLog(handle);
    } catch (error) {
      throw invalidCertificate(file, "the key log cannot be opened", error);
    }
  }

  /** Writes a line. With a full or slow disk, lines are lost, and sessions are not affected. */
  write(line: Buffer): void {
    if (this.#waiting + line.length > MAX_WAITING) {
      this.lost += 1;
      return;
    }
    const text = line.toString("latin1");
    this.#waiting += line.length;
    this.#last = this.#last
      .then(async () => this.handle.appendFile(text))
      .catch(() => {
        this.lost += 1;
      })
      .finally(() => {
        this.#waiting -= line.length;
      });
  }

  async close(): Promise<void> {
    await this.#last;
    await this.handle.close();
  }
}
