import { EventEmitter, setMaxListeners } from "node:events";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NEVER, Subject, tap } from "rxjs";
import { definePlugin, EVENTS, type PluginUse, type Session } from "sluice";
import { each } from "sluice/flow";
import { made, type BadPlugin } from "./bad-plugin.ts";

/** A plugin that does something for each session. */
const perSession = (work: () => unknown): (() => PluginUse) => made(() => ({ fromClient: (data) => (work(), data) }));

const opened: number[] = [];
let turning = true;

/** Closes and stops what the plugins below have left open. */
export function closeOpened(): void {
  for (const descriptor of opened.splice(0)) closeSync(descriptor);
  turning = false;
  process.removeListener("worker", ignore);
}

function open(): void {
  opened.push(openSync(fileURLToPath(import.meta.url), "r"));
}

function turn(): void {
  if (turning) setImmediate(turn);
}

function ignore(): void {
  // It is there.
}

/** What lives as long as the process. */
const emitter = new EventEmitter().setMaxListeners(0);
const target = new AbortController();
setMaxListeners(0, target.signal);
const subject = new Subject();

/** Plugins whose mistake costs somebody else: the other direction, the socket behind them, the process. */
export const badNeighbours: readonly BadPlugin[] = [
  {
    what: "closes the session when one direction has ended",
    make: made(() => ({ fromClient: (data, session: Session) => data.pipe(tap({ complete: () => session.close() })) })),
    check: /passes the end of one direction/,
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
    check: /accepts every input/,
    said: undefined,
    saidByCompliance: /neither admitted nor rejected/,
  },
  {
    what: "treats every second session differently",
    make: made(() => {
      let sessions = 0;
      return {
        fromClient: (data) => {
          const isSecond = (sessions += 1) % 2 === 0;
          return data.pipe(each((chunk) => (isSecond ? Buffer.from(chunk.map((byte) => byte ^ 1)) : chunk)));
        },
      };
    }),
    said: /in the second of two sessions at once: sessions with the same input mix or differ/,
  },
  {
    what: "treats the first session differently",
    make: made(() => {
      let isNew = true;
      return {
        fromClient: (data) => {
          const isFirst = isNew;
          isNew = false;
          return data.pipe(each((chunk) => (isFirst ? chunk : Buffer.from(chunk.map((byte) => byte ^ 1)))));
        },
      };
    }),
    said: /sessions with the same input mix or differ/,
  },
  {
    what: "changes the chunk that it was given",
    make: made(() => ({ fromClient: (data) => data.pipe(tap((chunk) => chunk.fill(0x2a, 0, 1))) })),
    said: /it changed the bytes of a chunk that it was given/,
  },
];

/** Plugins that leave something behind. */
export const badLeavers: readonly BadPlugin[] = [
  {
    what: "leaves a listener of each session on an emitter",
    make: perSession(() => emitter.on("news", ignore)),
    said: undefined,
    saidByCompliance: /after the end of a session there is still a listener for "news" of an EventEmitter \(added at .*bad-neighbours/,
  },
  {
    what: "leaves a listener of each session on an emitter of its own",
    make: made(() => {
      const own = new EventEmitter().setMaxListeners(0);
      return { fromClient: (data) => (own.once("news", ignore), data) };
    }),
    said: undefined,
    saidByCompliance: /still a listener for "news" of an EventEmitter/,
  },
  {
    what: "leaves a listener of each session on an event target",
    make: perSession(() => target.signal.addEventListener("abort", () => undefined)),
    said: undefined,
    saidByCompliance: /still a listener for "abort" of an AbortSignal/,
  },
  {
    what: "leaves a listener of each session on the process",
    make: perSession(() => process.prependListener("worker", ignore)),
    said: undefined,
    saidByCompliance: /still a listener for "worker" of process/,
  },
  {
    what: "leaves a subscription of each session to a Subject",
    make: perSession(() => subject.subscribe()),
    said: undefined,
    saidByCompliance: /after the end of a session there is still a subscription to a Subject/,
  },
  {
    what: "leaves a subscription of each session to EVENTS",
    make: (): PluginUse =>
      definePlugin("bad", (_options, inject) => {
        const events = inject(EVENTS);
        return { fromClient: (data) => (events.subscribe(), data) };
      })(),
    said: undefined,
    saidByCompliance: /after the end of a session there is still a subscription to a Subject/,
  },
  {
    what: "leaves a listener behind after its teardown",
    make: made(() => ({ setup: () => void emitter.on("more", ignore) })),
    said: undefined,
    saidByCompliance: /after its teardown there is still a listener for "more"/,
  },
  {
    what: "turns for ever",
    make: made(() => ({ setup: turn })),
    said: undefined,
    saidByCompliance: /after its teardown there is still an immediate/,
  },
];

/** Plugins that leave files open, which is seen where the system tells it. */
export const badWithFiles: readonly BadPlugin[] = [
  {
    what: "leaves a file of each session open",
    make: perSession(open),
    said: undefined,
    saidByCompliance: /the end of a session.* an open file \(.*bad-neighbours\.js\)/,
  },
  {
    what: "leaves a file open after its teardown",
    make: made(() => ({ setup: open })),
    said: undefined,
    saidByCompliance: /its teardown.* an open file \(.*bad-neighbours\.js\)/,
  },
  {
    what: "opens a file when it is constructed",
    make: made(() => (open(), { fromClient: (data) => data })),
    said: undefined,
    saidByCompliance: /its construction began an open file \(.*bad-neighbours\.js\)/,
  },
];
