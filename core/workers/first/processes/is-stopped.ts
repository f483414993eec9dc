import { readFileSync } from "node:fs";

/** Whether somebody has stopped a process, with SIGSTOP or with a debugger. Only Linux says it. */
export function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // After the name, which is in parentheses and may contain some: T is stopped, t stopped by a tracer.
    return /^[Tt]$/.test(stat.charAt(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}
