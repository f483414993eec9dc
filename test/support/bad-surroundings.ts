import { EventEmitter } from "node:events";
import { finalize, interval, Observable } from "rxjs";
import { type PluginUse, type Session } from "sluice";
import { each } from "sluice/flow";
import { made, type BadHabit } from "./bad-plugin.ts";

const passed = (data: Observable<Buffer>): Observable<Buffer> => data;

/** A plugin that changes something of the process in setup, and puts it back in teardown, so that the next test has it as it was. */
function changing(change: () => () => void): () => PluginUse {
  return made(() => {
    let undo: (() => void) | undefined;
    return { setup: () => void (undo = change()), teardown: () => undo?.(), fromClient: passed };
  });
}

function setting(holder: object, key: string, value: unknown): () => PluginUse {
  return changing(() => {
    const before = Object.getOwnPropertyDescriptor(holder, key);
    Reflect.set(holder, key, value);
    return () => {
      Reflect.deleteProperty(holder, key);
      if (before !== undefined) Object.defineProperty(holder, key, before);
    };
  });
}

const aboutProcess = { check: /whole process/, said: undefined } as const;
const aboutTime = { check: /CLOCK/, said: undefined } as const;

/** Plugins that change what the whole process shares, or that live in the computer's time. */
export const badSurroundings: readonly BadHabit[] = [
  {
    what: "sets a variable of the environment",
    make: setting(process.env, "LAST_CLIENT", "x"),
    saidByCompliance: /it changes process\.env\.LAST_CLIENT: the whole process shares this/,
    ...aboutProcess,
  },
  {
    what: "adds a method to all arrays",
    make: setting(Array.prototype, "last", passed),
    saidByCompliance: /it changes Array\.prototype\.last:/,
    ...aboutProcess,
  },
  {
    what: "replaces a method of all Buffers",
    make: setting(Buffer.prototype, "toJSON", () => ({})),
    saidByCompliance: /it changes Buffer\.prototype\.toJSON:/,
    ...aboutProcess,
  },
  {
    what: "changes the pool of Buffers",
    make: setting(Buffer, "poolSize", 1_024),
    saidByCompliance: /it changes Buffer\.poolSize:/,
    ...aboutProcess,
  },
  {
    what: "keeps the session in a global variable",
    make: setting(globalThis, "session", {}),
    saidByCompliance: /it changes globalThis\.session:/,
    ...aboutProcess,
  },
  { what: "replaces console.log", make: setting(console, "log", passed), saidByCompliance: /it changes console\.log:/, ...aboutProcess },
  {
    what: "switches the warning of too many listeners off",
    make: changing(() => {
      const { defaultMaxListeners } = EventEmitter;
      EventEmitter.defaultMaxListeners = 0;
      return () => void (EventEmitter.defaultMaxListeners = defaultMaxListeners);
    }),
    saidByCompliance: /it changes EventEmitter\.defaultMaxListeners:/,
    ...aboutProcess,
  },
  {
    what: "catches the errors of the whole process",
    make: changing(() => {
      const ignore = (): void => undefined;
      process.on("uncaughtException", ignore);
      return () => void process.off("uncaughtException", ignore);
    }),
    saidByCompliance: /it changes process\.on\("uncaughtException"\):/,
    ...aboutProcess,
  },
  {
    what: "sends a heartbeat by a timer of Node",
    make: made(() => ({
      fromUpstream: (data) =>
        new Observable((to) => {
          const timer = setInterval(() => to.next(Buffer.from(".")), 15_000);
          return data.pipe(finalize(() => clearInterval(timer))).subscribe(to);
        }),
    })),
    saidByCompliance:
      /its traffic waits 15 s for a timer of Node \(set at .*bad-surroundings.*fromUpstream when it fires, else .*Wait by CLOCK/,
    ...aboutTime,
  },
  {
    what: "sends a heartbeat by RxJS's own timer",
    make: made(() => ({
      fromUpstream: (data) =>
        new Observable((to) => {
          const beats = interval(15_000).subscribe(() => to.next(Buffer.from(".")));
          return data.pipe(finalize(() => beats.unsubscribe())).subscribe(to);
        }),
    })),
    saidByCompliance: /its traffic waits 15 s for a timer of Node/,
    ...aboutTime,
  },
  {
    what: "closes idle sessions by a timer of Node",
    make: made(() => ({
      fromClient: (data, session: Session) => {
        const timer = setTimeout(() => session.close(), 30_000);
        return data.pipe(finalize(() => clearTimeout(timer)));
      },
    })),
    saidByCompliance: /its traffic waits 30 s .*and the end with SLUICE_CLOSED when it fires/,
    ...aboutTime,
  },
  {
    what: "counts the age of a session by Date",
    make: made(() => ({
      fromClient: (data) => {
        const since = Date.now();
        return data.pipe(each((chunk) => (Date.now() - since > 60_000 ? Buffer.from("late") : chunk)));
      },
    })),
    saidByCompliance: /when a session lasts for a year of Date: .*take the time from CLOCK/s,
    ...aboutTime,
  },
  {
    what: "puts the date in front",
    make: made(() => ({
      fromClient: (data) => {
        let begun = false;
        return data.pipe(
          each((chunk) => (begun ? chunk : ((begun = true), Buffer.concat([Buffer.from(new Date().toISOString()), chunk])))),
        );
      },
    })),
    saidByCompliance: /a year later by Date: .*take the time from CLOCK/s,
    ...aboutTime,
  },
];
