import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { isatty } from "node:tty";

/** The descriptor that a log is written to. No write waits for its reader. */
export interface Descriptor {
  readonly fd: number;
  /** Whether it is a file on a disk: no reader can block it, but the disk may be slow. */
  readonly isFile: boolean;
  readonly isTerminal: boolean;
  close(): void;
}

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
const nothing = (): void => undefined;

/**
 * Standard output or standard error. Writes to a pipe or a socket do not block after Node has made its own stream of it, as that sets O_NONBLOCK.
 * Writes to a terminal block even then (docs of `process`, "A note on process I/O"): Ctrl-S would stop everything. So a terminal is opened a second
 * time with O_NONBLOCK, where the system has a path for it (Linux); elsewhere Node's handle is set to not block.
 */
export function standardDescriptor(fd: 1 | 2): Descriptor {
  if (fstatSync(fd).isFile()) return { fd, isFile: true, isTerminal: false, close: nothing };
  const stream = fd === 1 ? process.stdout : process.stderr;
  if (!isatty(fd)) return { fd, isFile: false, isTerminal: false, close: nothing };
  try {
    const own = openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    return { fd: own, isFile: false, isTerminal: true, close: nothing };
  } catch {
    (stream as unknown as { _handle?: { setBlocking?(on: boolean): void } })._handle?.setBlocking?.(false);
    return { fd, isFile: false, isTerminal: true, close: nothing };
  }
}

/**
 * Opens a file to append to, and creates it if it is missing (0600: a log may contain what clients sent). A FIFO that nobody reads fails with ENXIO,
 * instead of waiting for a reader.
 *
 * @throws the operating system's error
 */
export function fileDescriptor(path: string): Descriptor {
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0o600);
  return {
    fd,
    isFile: fstatSync(fd).isFile(),
    isTerminal: isatty(fd),
    close: () => {
      closeSync(fd);
    },
  };
}
