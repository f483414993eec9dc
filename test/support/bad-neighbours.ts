import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NEVER, tap } from "rxjs";
import { definePlugin, type FunctionPlugin, type PluginUse, type Session } from "sluice";
import { each } from "sluice/flow";
import type { BadPlugin } from "./bad-plugins.ts";

const made = (hooks: () => FunctionPlugin) => (): PluginUse => definePlugin("bad", hooks)();

const opened: number[] = [];

/** Closes what the plugins below have left open. */
export function closeOpened(): void {
  for (const descriptor of opened.splice(0)) closeSync(descriptor);
}

/** Plugins whose mistake costs somebody else: the other direction, the socket behind them, the process. */
export const badNeighbours: readonly BadPlugin[] = [
  {
    what: "closes the session when one direction has ended",
    make: made(() => ({ fromClient: (data, session: Session) => data.pipe(tap({ complete: () => session.close() })) })),
    said: /SLUICE_CLOSED/,
    saidByCompliance: /it closes the session/,
  },
  {
    what: "has one buffer for all that it passes on",
    make: made(() => {
      const one = Buffer.alloc(128 * 1024);
      return { fromClient: (data) => data.pipe(each((chunk) => one.subarray(0, chunk.copy(one)))) };
    }),
    said: /it changed a chunk after passing it on/,
  },
  {
    what: "cuts off what is longer than its buffer",
    make: made(() => ({ fromClient: (data) => data.pipe(each((chunk) => chunk.subarray(0, 64 * 1024))) })),
    said: undefined,
    saidByCompliance: /depends on where the chunks are cut/,
  },
  {
    what: "neither admits nor rejects a session",
    make: made(() => ({ admit: () => NEVER })),
    said: undefined,
    saidByCompliance: /neither admitted nor rejected/,
  },
];

/** Seen where the system tells what a process has open. */
export const opensFile = made(() => {
  opened.push(openSync(fileURLToPath(import.meta.url), "r"));
  return { fromClient: (data) => data };
});
