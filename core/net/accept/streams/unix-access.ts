import { chmodSync, chownSync, readFileSync, statSync } from "node:fs";
import { SluiceError } from "../../../contract/index.ts";

/** Who may connect to a unix socket: its file's mode and group. */
export interface UnixAccess {
  /** @default what the umask gives */
  readonly mode?: number | undefined;
  /** A name of /etc/group, or a number. @default the process's */
  readonly group?: string | number | undefined;
}

/** The mode and group that a socket file has now, so that they can be restored. */
export function accessOf(path: string): UnixAccess {
  const { mode, gid } = statSync(path);
  return { mode: mode & 0o777, group: gid };
}

/**
 * Gives a socket file its mode and group.
 *
 * @param listener its name, for the message
 * @throws SLUICE_CONFIG_INVALID for a group that this machine does not have; the operating system's error
 */
export function giveAccess(path: string, { mode, group }: UnixAccess, listener: string): void {
  // The group first: the new mode must not apply to the wrong group, not even for a moment.
  if (group !== undefined) chownSync(path, statSync(path).uid, typeof group === "number" ? group : groupId(group, listener));
  if (mode !== undefined) chmodSync(path, mode);
}

/** Runs a function that binds a socket file, with a umask that lets only this user connect. Node has no option for the mode. */
export function withoutAccess<T>(bind: () => T): T {
  let before: number;
  try {
    before = process.umask(0o177);
  } catch {
    // A worker thread may not change the umask of the process.
    return bind();
  }
  try {
    return bind();
  } finally {
    process.umask(before);
  }
}

function groupId(name: string, listener: string): number {
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const id = Number(line?.split(":")[2]);
  if (line === undefined || !Number.isInteger(id))
    throw new SluiceError("SLUICE_CONFIG_INVALID", `listeners.${listener}.socket.group: this machine has no group "${name}"`);
  return id;
}
