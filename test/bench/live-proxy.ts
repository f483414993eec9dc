import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { eventOf } from "../support/bounded.ts";
import { pinned } from "./under-test.ts";

/** What one save cost. */
export interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
}

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Starts one of the programs beside this file that says over IPC when it is ready, and does its work when it is asked. */
export async function start(on: "proxy" | "load", name: string, parameters: readonly string[]): Promise<ChildProcess> {
  const [command, all] = pinned(on, [process.execPath, program(name), ...parameters]);
  const child = spawn(command, all, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await eventOf(child, "message", 60_000);
  return child;
}

export async function ask<T>(child: ChildProcess): Promise<T> {
  const answer = eventOf(child, "message", 60_000);
  child.send("go");
  const [message] = await answer;
  return message as T;
}
