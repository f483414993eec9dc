import { SluiceError } from "sluice";
import { Journal, type JournalLimits, type Mode } from "./journal.ts";

/** A plugin use that writes to a file. */
export interface JournalUser {
  readonly file: string;
  readonly mode: Mode;
  readonly datagrams: boolean;
  readonly limits: JournalLimits;
  /** The name of the plugin use, the same over reloads: `listener/plugin`. */
  readonly name: string;
  /** Which of several workers this is. */
  readonly worker?: number | undefined;
}

interface Shared {
  readonly journal: Journal;
  /** The number of generations of each plugin use, by its name. */
  readonly users: Map<string, number>;
}

/** The open journals. One file has one journal, for all listeners and generations that write to it. */
const open = new Map<string, Shared>();

/**
 * The journal of a file. It is shared by all plugin uses that name the file with the same mode and the same kind of transport.
 *
 * @returns the journal, and a function to call when it is not used any more, which returns whether that was the last use
 * @throws SLUICE_CONFIG_INVALID when another listener writes to the file in another way
 */
export function acquireJournal({ file, mode, datagrams, limits, name, worker }: JournalUser): { journal: Journal; release: () => boolean } {
  let shared = open.get(file);
  if (shared !== undefined && (shared.journal.mode !== mode || shared.journal.datagrams !== datagrams)) {
    const [other] = [...shared.users.keys()].filter((user) => user !== name);
    if (other !== undefined) throw inUse(file, other, shared.journal);
    // The same use has new options: the new mode decides what happens to the file so far.
    shared = undefined;
  }
  shared ??= { journal: new Journal({ file, mode, datagrams, limits, worker }), users: new Map() };
  const { users, journal } = shared;
  open.set(file, shared);
  users.set(name, (users.get(name) ?? 0) + 1);
  let isHeld = true;
  const release = (): boolean => {
    if (!isHeld) return false;
    isHeld = false;
    const left = (users.get(name) ?? 1) - 1;
    if (left > 0) users.set(name, left);
    else users.delete(name);
    if (users.size > 0) return false;
    if (open.get(file)?.journal === journal) open.delete(file);
    return true;
  };
  return { journal, release };
}

function inUse(file: string, other: string, { mode, datagrams }: Journal): SluiceError {
  return new SluiceError(
    "SLUICE_CONFIG_INVALID",
    `${file} is written to by ${other} with mode "${mode}" over ${datagrams ? "udp" : "tcp"}: give this one another file, or the same mode and transport`,
  );
}
