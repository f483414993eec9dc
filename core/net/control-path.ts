import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";

/** sockaddr_un holds 104 bytes on macOS and 108 on Linux: what is longer would be cut silently. */
const longest = 100;

/**
 * Where the control socket of a config may be, the best place first: `.<config>.sock` beside it, or in the folder for temporary files
 * when that path would be too long or the folder cannot be written to. On Windows, a named pipe.
 */
export function controlPaths(config: string): readonly string[] {
  const digest = createHash("sha1").update(config).digest("hex");
  if (process.platform === "win32") return [String.raw`\\.\pipe\sluice-${digest}`];
  const beside = path.join(path.dirname(config), `.${path.basename(config)}.sock`);
  const elsewhere = path.join(tmpdir(), `sluice-${process.getuid?.() ?? 0}-${digest}.sock`);
  return Buffer.byteLength(beside) > longest ? [elsewhere] : [beside, elsewhere];
}
