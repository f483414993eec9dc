import { open, type FileHandle } from "node:fs/promises";
import { invalidCertificate } from "./invalid-certificate.ts";

/** Appends TLS secrets to a file that only its owner may read. */
export class KeyLog {
  #last: Promise<unknown> = Promise.resolve();

  private constructor(private readonly handle: FileHandle) {}

  /** @throws SLUICE_CERTIFICATE_INVALID when the file cannot be opened */
  static async open(file: string): Promise<KeyLog> {
    try {
      const handle = await open(file, "a", 0o600);
      await handle.chmod(0o600);
      return new KeyLog(handle);
    } catch (error) {
      throw invalidCertificate(file, "the key log cannot be opened", error);
    }
  }

  /** A disk that is full costs lines of the log, never a session. */
  write(line: Buffer): void {
    const text = line.toString("latin1");
    this.#last = this.#last.then(async () => this.handle.appendFile(text)).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#last;
    await this.handle.close();
  }
}
