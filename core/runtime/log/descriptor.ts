import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { isatty } from "node:tty";

/** Where a log is written to, so that no write waits for whoever reads it. */
export interface Descriptor {
  readonly fd: number;
  /** A file on a disk: no reader can stop it, but its disk may be slow. */
  readonly isFile: boolean;
  readonly isTerminal: boolean;
  close(): void;
}

const { O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
const nothing = (): void => undefined;

/**
 * Standard output or standard error. A pipe or a socket does not wait once Node's own stream of it was made, for that sets O_NONBLOCK; a
 * terminal waits even then (docs of `process`, "A note on process I/O"): Ctrl-S would stop everything. So it is opened a second time,
 * with O_NONBLOCK, where the system has a name for it (Linux); elsewhere it is set on Node's handle.
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
 * A file that is appended to, and made (0600: a log may hold what clients sent) when it is missing.
 * A FIFO that nobody reads fails with ENXIO, where opening would else wait for a reader.
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
