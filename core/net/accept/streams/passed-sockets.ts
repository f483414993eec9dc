import { SluiceError } from "../../../contract/index.ts";

/** The first descriptor that is passed: SD_LISTEN_FDS_START of sd_listen_fds(3). */
const FIRST = 3;

/**
 * The descriptor of a socket that systemd, or another program with its protocol (sd_listen_fds(3)), has bound for this process.
 *
 * @param name its `FileDescriptorName=`
 * @throws SLUICE_ADDRESS_UNAVAILABLE
 */
export function passedDescriptor(name: string): number {
  const { LISTEN_FDS: count, LISTEN_FDNAMES: names = "", LISTEN_PID: pid } = process.env;
  if (count === undefined) refuse("this process was not activated by a socket (LISTEN_FDS is not set): start it by its socket unit");
  if (pid !== String(process.pid))
    refuse(
      `the sockets were passed to process ${pid ?? "(LISTEN_PID is not set)"}, and this is ${process.pid}: start node itself, without npm`,
    );
  const all = namesOf(Number(count), names);
  const at = all.indexOf(name);
  if (at === -1)
    refuse(`no socket of that name was passed; there are: ${all.join(", ") || "none"} (FileDescriptorName= of the socket unit)`);
  if (all.includes(name, at + 1))
    refuse(`several sockets of that name were passed: give each a unit with a FileDescriptorName= of its own`);
  return FIRST + at;
}

/** Without names all sockets are called `unknown`, as in sd_listen_fds_with_names(3). */
function namesOf(count: number, names: string): string[] {
  const given = names === "" ? [] : names.split(":");
  return Array.from({ length: Number.isInteger(count) ? count : 0 }, (_, index) => given[index] ?? "unknown");
}

function refuse(message: string): never {
  throw new SluiceError("SLUICE_ADDRESS_UNAVAILABLE", message);
}
