import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** sockaddr_un holds 104 bytes on macOS and 108 on Linux: what is longer would be cut silently. */
const longest = 100;

/**
 * Where the control socket of a config may be, the best place first: `.<config>.sock` beside it; in a folder of the user's own below
 * XDG_RUNTIME_DIR, or below the folder for temporary files, when that path would be too long or nobody but others may write there. On
 * Windows, a named pipe.
 */
export function controlPaths(config: string): readonly string[] {
  const digest = createHash("sha1").update(config).digest("hex");
  if (process.platform === "win32") return [String.raw`\\.\pipe\sluice-${digest}`];
  const beside = path.join(path.dirname(config), `.${path.basename(config)}.sock`);
  const places = [
    ...(isSafeFolder(path.dirname(config)) ? [beside] : []),
    ...ownFolders().map((folder) => path.join(folder, `${digest}.sock`)),
  ];
  return places.filter((place) => Buffer.byteLength(place) <= longest);
}

/**
 * Makes the folder of a path when it is one of the user's own, and checks that nobody else may enter it.
 *
 * @throws Error when it is somebody else's, a link, or open to others
 */
export function prepareFolder(socket: string): void {
  const folder = path.dirname(socket);
  if (!ownFolders().includes(folder)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!isOwnFolder(folder)) throw new Error(`${folder} is not a folder of this user alone (mode 0700)`);
}

/**
 * Whether a socket's file may be this user's proxy: another user could wait at its path. Root may ask the proxy of whoever owns the
 * config. That the process behind it is that user's cannot be asked for: Node has no SO_PEERCRED.
 */
export function isTrusted(socket: string, config: string): boolean {
  const owner = ownerOf(socket);
  if (process.platform === "win32" || owner === undefined) return true;
  return owner === userId() || (userId() === 0 && owner === ownerOf(config));
}

function ownFolders(): readonly string[] {
  const runtime = process.env["XDG_RUNTIME_DIR"];
  const below = runtime !== undefined && path.isAbsolute(runtime) && isOwnFolder(runtime) ? [path.join(runtime, "sluice")] : [];
  return [...below, path.join(tmpdir(), `sluice-${userId()}`)];
}

/** A folder, no link, that its user alone may enter. */
function isOwnFolder(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === userId() && (stats.mode & 0o077) === 0;
}

/** A folder in which no other user can replace a file of this one: its owner could, and where it is not sticky whoever may write to it. */
function isSafeFolder(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return true;
  const isSticky = (stats.mode & 0o1000) !== 0;
  return (stats.uid === userId() || stats.uid === 0) && ((stats.mode & 0o002) === 0 || isSticky);
}

function ownerOf(file: string): number | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.uid;
}

function userId(): number {
  return process.getuid?.() ?? 0;
}
