import { readFileSync } from "node:fs";

/** Where nothing says how many descriptors there are. */
const unknownSessions = 4096;
/** Descriptors kept for listeners, files, name servers and the like. */
const reserve = 64;
const mostByDefault = 65_536;
const mostUdpByDefault = 1024;
/** With fewer descriptors than every common system gives, the user should know what that means. */
const fewDescriptors = 1024;

/** This process's limit of open files; undefined when the platform does not tell (only Linux has /proc/self/limits). */
export function readFdLimit(): number | undefined {
  try {
    return parseFdLimit(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return undefined;
  }
}

/** Reads the soft limit out of the text of /proc/self/limits; Infinity when it is unlimited. */
export function parseFdLimit(text: string): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  if (soft === undefined) return undefined;
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

/** How many UDP flows each of so many listeners may have by default, one descriptor each: a quarter of the descriptors for all of them. */
export function udpSessionLimit(fdLimit: number | undefined, listeners: number): number {
  if (fdLimit === undefined || listeners === 0) return mostUdpByDefault;
  return Math.min(mostUdpByDefault, Math.max(1, Math.floor((fdLimit - reserve) / 4 / listeners)));
}

/**
 * How many stream sessions may be open: two descriptors each, less a reserve. Running out of descriptors is silent in Node (accepted
 * sockets are closed without an event), so a limit above what there is gets lowered, with a warning.
 *
 * @param udp descriptors that UDP flows may take. Half of all is kept for sessions, since the sources of datagrams may be forged
 */
export function sessionLimit(
  configured: number | undefined,
  fdLimit: number | undefined,
  udp: number,
): { sessions: number; warning: string | undefined } {
  const possible = fdLimit === undefined ? undefined : sessionsBeside(Math.min(udp, halfOf(fdLimit)), fdLimit);
  const fallback = Math.min(possible ?? unknownSessions, mostByDefault);
  if (configured === undefined || possible === undefined) {
    const few = fdLimit !== undefined && fdLimit < fewDescriptors;
    const warning = `limits.sessions: lowered to ${fallback}, as the limit of open files is ${fdLimit}: raise it (ulimit -n ${fewDescriptors})`;
    return { sessions: configured ?? fallback, warning: few ? warning : undefined };
  }
  if (configured <= possible) return { sessions: configured, warning: undefined };
  const warning = `limits.sessions: lowered from ${configured} to ${possible}, as the limit of open files is ${fdLimit}: raise it (ulimit -n ${configured * 2 + reserve + udp})`;
  return { sessions: possible, warning };
}

/**
 * What to say where a config asks for more UDP flows than there are descriptors for: flows that a plugin answers need none, so the number
 * stays as it is.
 *
 * @param udp descriptors that UDP flows may take
 * @param hasStreams whether sessions need descriptors beside them
 */
export function flowsWarning(fdLimit: number | undefined, udp: number, hasStreams: boolean): string | undefined {
  if (fdLimit === undefined || udp <= (hasStreams ? halfOf(fdLimit) : fdLimit - reserve)) return undefined;
  const enough = reserve + (hasStreams ? 2 * udp : udp);
  return `limits.udpSessions: UDP flows may take ${udp} file descriptors, and the limit of open files is ${fdLimit}: raise it (ulimit -n ${enough})`;
}

function halfOf(fdLimit: number): number {
  return Math.max(0, Math.floor((fdLimit - reserve) / 2));
}

function sessionsBeside(udp: number, fdLimit: number): number {
  return Math.max(1, Math.floor((fdLimit - reserve - udp) / 2));
}
