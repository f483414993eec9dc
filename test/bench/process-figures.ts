import { readdirSync, readFileSync } from "node:fs";

/** CPU seconds. */
export interface Cpu {
  readonly user: number;
  readonly system: number;
}

/** The clock ticks of /proc/PID/stat: 100 a second on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** A process and all below it: nginx and HAProxy work in children. */
export function treeOf(pid: number): number[] {
  const tree = [pid];
  for (const member of tree) {
    for (const task of namesIn(`/proc/${member}/task`)) {
      tree.push(...(textOf(`/proc/${member}/task/${task}/children`)?.split(" ").filter(Boolean).map(Number) ?? []));
    }
  }
  return tree;
}

/** utime + stime of a process tree, children that have ended included. Steps of 10 ms. */
export function cpuOf(pid: number): Cpu {
  let user = 0;
  let system = 0;
  for (const member of treeOf(pid)) {
    const stat = textOf(`/proc/${member}/stat`);
    // The fields after the command's name, which may hold blanks and brackets: utime is the 14th of all.
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] =
      stat
        ?.slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(11, 15)
        .map(Number) ?? [];
    user += utime + cutime;
    system += stime + cstime;
  }
  return { user: user / ticksPerSecond, system: system / ticksPerSecond };
}

/** CPU seconds that all processes together have spent on one CPU. */
export function busyOn(cpu: string): number {
  const line =
    textOf("/proc/stat")
      ?.split("\n")
      .find((each) => each.startsWith(`cpu${cpu} `)) ?? "";
  // user nice system idle iowait irq softirq
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(" ").slice(1).map(Number);
  return (user + nice + system + irq + softirq) / ticksPerSecond;
}

/** Resident bytes of a process tree. */
export function residentOf(pid: number): number {
  return (
    treeOf(pid).reduce((sum, member) => sum + Number(/VmRSS:\s+(\d+)/.exec(textOf(`/proc/${member}/status`) ?? "")?.[1] ?? 0), 0) * 1024
  );
}

/** Whether anything is bound to a loopback port, without touching it. */
export function isBound(transport: "tcp" | "udp", port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  const lines = textOf(`/proc/net/${transport}`)?.split("\n") ?? [];
  return lines.some((line) => line.slice(0, 24).includes(local) && (transport === "udp" || line.includes(":0000 0A ")));
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    // The process has ended meanwhile.
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
