import { createHash } from "node:crypto";
import { lstatSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeFolder } from "../make-folder.ts";

/** Bytes of a path at most: sockaddr_un has 104 bytes on macOS and 108 on Linux, and a longer path would be cut silently. */
const longest = 100;

/**
 * The paths where the control socket of a config may be, the best one first: `.<config>.sock` beside the config, if no other user can replace files
 * there; then a folder of the user below XDG_RUNTIME_DIR, and one below the folder for temporary files. Paths that are too long are left out. On
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
 * Makes the folder of a socket, if it is one of those user folders, and checks that nobody else may enter it.
 *
 * @throws Error if the folder belongs to another user, is a link, or is open to others
 */
export async function prepareFolder(socket: string): Promise<void> {
  const folder = path.dirname(socket);
  if (!ownFolders().includes(folder)) return;
  await makeFolder(folder, 0o700);
  if (!isOwnFolder(folder)) throw new Error(`${folder} is not a folder of this user alone (mode 0700)`);
}

/**
 * Whether a socket's file may belong to this user's proxy: another user could have put a socket at its path. Root may ask the proxy of the user who
 * owns the config. Who owns the process behind the socket cannot be checked, as Node has no SO_PEERCRED.
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

/** Whether a path is a folder (no link) that only this user may enter. */
function isOwnFolder(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === userId() && (stats.mode & 0o077) === 0;
}

/**
 * Whether no other user can replace this user's files in a folder. The folder's owner could, and so could everybody who may write to it if it is not
 * sticky.
 */
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
