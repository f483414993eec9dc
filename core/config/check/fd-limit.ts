import { readFileSync } from "node:fs";

/** The limit of sessions when the number of descriptors is not known. */
const unknownSessions = 4096;
/** Descriptors kept for listeners, files, name servers and the like. */
const reserve = 64;
const mostByDefault = 65_536;
const mostUdpByDefault = 1024;
/** Below this number, which every common system gives, the user gets a warning. */
const fewDescriptors = 1024;

/** This process's limit of open files; undefined when the platform does not tell it (only Linux has /proc/self/limits). */
export function readFdLimit(): number | undefined {
  try {
    return parseFdLimit(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return undefined;
  }
}

/** Parses the soft limit from the text of /proc/self/limits; Infinity when it is unlimited. */
export function parseFdLimit(text: string): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  if (soft === undefined) return undefined;
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

/** How many UDP flows each listener may have by default, one descriptor each: all listeners together get a quarter of the descriptors. */
export function udpSessionLimit(fdLimit: number | undefined, listeners: number): number {
  if (fdLimit === undefined || listeners === 0) return mostUdpByDefault;
  return Math.min(mostUdpByDefault, Math.max(1, Math.floor((fdLimit - reserve) / 4 / listeners)));
}

/**
 * How many stream sessions may be open: two descriptors each, minus a reserve. Running out of descriptors is silent in Node (accepted
 * sockets are closed without an event), so a limit above the possible number is lowered, with a warning.
 *
 * @param udp descriptors that UDP flows may take. Half of all descriptors is kept for sessions, since the sources of datagrams may be forged
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
 * The warning for a config with more UDP flows than there are descriptors for. Flows that a plugin answers need no descriptor, so the number
 * is not changed.
 *
 * @param udp descriptors that UDP flows may take
 * @param hasStreams whether sessions need descriptors too
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
