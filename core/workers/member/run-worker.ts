import cluster from "node:cluster";
import { idsFrom } from "../../runtime/session/session-ids.ts";
import type { FirstCalls } from "../wire/calls.ts";
import { Channel } from "../wire/channel.ts";
import { Worker } from "./worker.ts";

/** Signals that a terminal or a service manager sends to all processes of a proxy: what they mean is the first one's to decide. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Of one worker in its whole life: more than it could serve in years. */
const SESSIONS = 1_000_000_000_000;

/** Makes this process a worker of the one that has forked it. It ends with that. */
export function runWorker(): Worker {
  for (const signal of signals) process.on(signal, () => undefined);
  // No two workers have ever a session of the same number, one that replaces another neither.
  idsFrom(((cluster.worker?.id ?? 1) - 1) * SESSIONS);
  const worker: Worker = new Worker(() => channel);
  const channel = new Channel<FirstCalls>((packet) => {
    // The first process may be gone, which `disconnect` tells.
    if (process.connected) process.send?.(packet, undefined, undefined, () => undefined);
  }, worker);
  process.on("message", (packet: unknown, connection: unknown) => {
    channel.receive(packet, connection);
  });
  process.on("disconnect", () => {
    process.exit(0);
  });
  channel.tell("up");
  return worker;
}
