import { chmodSync, chownSync, readFileSync, statSync } from "node:fs";
import { SluiceError } from "../../contract/index.ts";

/** Who may connect to a unix socket: its file's mode and group. */
export interface UnixAccess {
  /** @default what the umask gives */
  readonly mode?: number | undefined;
  /** A name of /etc/group, or a number. @default the process's */
  readonly group?: string | number | undefined;
}

/** What of it a socket file has now, to be given back. */
export function accessOf(path: string): UnixAccess {
  const { mode, gid } = statSync(path);
  return { mode: mode & 0o777, group: gid };
}

/**
 * Gives a socket file its mode and group.
 * @throws SLUICE_CONFIG_INVALID for a group that this machine does not have; the operating system's error
 */
export function giveAccess(path: string, { mode, group }: UnixAccess): void {
  // The group first: a mode that lets the wrong one in must not be there for a moment.
  if (group !== undefined) chownSync(path, statSync(path).uid, typeof group === "number" ? group : groupId(group));
  if (mode !== undefined) chmodSync(path, mode);
}

/** Runs what binds a socket file while nobody but this user may connect to what is bound. Node has no option for the mode it binds with. */
export function withoutAccess<T>(bind: () => T): T {
  let before: number;
  try {
    before = process.umask(0o177);
  } catch {
    // A worker thread may not change the process's.
    return bind();
  }
  try {
    return bind();
  } finally {
    process.umask(before);
  }
}

function groupId(name: string): number {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const id = Number(line?.split(":")[2]);
  if (line === undefined || !Number.isInteger(id))
    throw new SluiceError("SLUICE_CONFIG_INVALID", `socket.group: this machine has no group "${name}"`);
  return id;
}
