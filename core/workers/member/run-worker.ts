import cluster from "node:cluster";
import { idsFrom } from "../../runtime/session/session-ids.ts";
import type { FirstCalls } from "../wire/calls.ts";
import { Channel } from "../wire/channel.ts";
import { Worker } from "./worker.ts";

/**
 * Signals that a terminal or a service manager sends to all processes of a proxy. Workers ignore them, since the first process decides what they
 * mean.
 */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Session ids for one worker: more sessions than it could serve in years. */
const SESSIONS = 1_000_000_000_000;

/** Milliseconds that it may take to complete its parts of files when the first process is gone. */
const KEEP_MS = 5_000;

/** Makes this process a worker of the process that has forked it. It ends when that one ends. */
export function runWorker(): Worker {
  for (const signal of signals) process.on(signal, () => undefined);
  // No two workers ever have a session with the same id, not even a worker and its replacement.
  const number = cluster.worker?.id ?? 1;
  idsFrom((number - 1) * SESSIONS);
  const worker: Worker = new Worker(() => channel, number);
  const channel = new Channel<FirstCalls>(
    (packet) => {
      // The first process may be gone, which the `disconnect` event reports.
      if (process.connected) process.send?.(packet, undefined, undefined, () => undefined);
    },
    worker,
    worker.orders,
    worker.questions,
  );
  process.on("message", (packet: unknown, connection: unknown) => {
    channel.receive(packet, connection);
  });
  cluster.worker?.on("disconnect", () => {
    // Else Node's cluster ends this process at once, after this event.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    setTimeout(() => process.exit(0), KEEP_MS).unref();
    void worker.saves.keep().finally(() => process.exit(0));
  });
  channel.tell("up");
  return worker;
}
