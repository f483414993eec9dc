import { expect } from "chai";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { eventOf } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import { eventually } from "./eventually.ts";

export const mebibyte = 1024 * 1024;
/** More than all buffers on the way hold together; below what a test has to move. */
export const plenty = 256 * mebibyte;
export const growthLimit = 64 * mebibyte;

export interface Measured {
  readonly child: ChildProcess;
  readonly port: number;
  /** Resident bytes. */
  rss(): Promise<number>;
  counters(): Promise<Readonly<Record<string, number>>>;
}

/** A proxy in a process of its own. */
export async function startMeasured(cleanup: Cleanup, shape: string, upstream = ""): Promise<Measured> {
  const child = fork(fileURLToPath(new URL("./proxy-process.js", import.meta.url)), [shape, upstream], { stdio: "inherit" });
  cleanup.add(() => void child.kill("SIGKILL"));
  const [{ port }] = (await eventOf(child, "message", 20_000)) as [{ readonly port: number }];
  return {
    child,
    port,
    async rss() {
      child.send("memory");
      const [message] = (await eventOf(child, "message")) as [{ readonly rss: number }];
      return message.rss;
    },
    async counters() {
      child.send("counters");
      const [message] = (await eventOf(child, "message")) as [Readonly<Record<string, number>>];
      return message;
    },
  };
}

export const block = randomBytes(256 * 1024);

/** Writes one block again and again as fast as it is taken, `most` bytes in all; `sent` counts what was taken. */
export function push(socket: Socket, state: { sent: number }, most = plenty): void {
  const more = (): void => {
    while (state.sent < most && !socket.destroyed) {
      state.sent += block.length;
      if (!socket.write(block)) return void socket.once("drain", more);
    }
    socket.end();
  };
  more();
}

/** Waits until a count has stood still for a while. */
export async function stalled(count: () => number, what: string): Promise<void> {
  let before = -1;
  await eventually(
    async () => {
      const now = count();
      const still = now === before && now > 0;
      before = now;
      if (!still) await pause(300);
      expect(still, "still").to.equal(true);
    },
    { within: 30_000, what },
  );
}
