import { finalize, map, Observable, tap, toArray } from "rxjs";
import { type Session } from "sluice";
import { carry, each } from "sluice/flow";
import { made, through, type BadHabit } from "./bad-plugin.ts";

function fail(why: string): never {
  throw new Error(why);
}

/** Plugins that are right as long as a session lasts and nothing unusual comes, and wrong at its end, at a swap or in the next turn. */
export const badEndings: readonly BadHabit[] = [
  {
    what: "collects all with RxJS until the end",
    make: through((data) =>
      data.pipe(
        toArray(),
        map((chunks): Buffer => Buffer.concat(chunks)),
      ),
    ),
    check: /whole stream/,
    said: undefined,
    saidByCompliance: /fromClient holds a stream until its end: of 16 MiB, nothing came out, and the session stands still/,
  },
  {
    what: "collects all in a carry until the end",
    make: through(
      carry({
        start: (): Buffer[] => [],
        step: (all, chunk) => (all.push(chunk), null),
        end: (all) => Buffer.concat(all),
      }),
    ),
    check: /whole stream/,
    said: undefined,
    saidByCompliance: /fromClient holds a stream until its end: of 16 MiB, 16 came out only then/,
  },
  {
    what: "forgets a session only when its client has finished",
    make: made(() => {
      const open = new Set<Session>();
      return { fromClient: (data, session: Session) => (open.add(session), data.pipe(tap({ complete: () => open.delete(session) }))) };
    }),
    check: /keeps no reference/,
    said: undefined,
    saidByCompliance: /it keeps a reference to each session that was broken off/,
  },
  {
    what: "throws in a timer when its session is over",
    make: through(finalize(() => setTimeout(() => fail("late")))),
    check: /when its last session is over/,
    said: /an error was thrown where nobody can catch it.*: late at .*bad-endings/,
  },
  {
    what: "throws where an observer is told of the end",
    make: through((data) => new Observable((to) => data.subscribe({ next: (chunk) => to.next(chunk), complete: () => fail("no end") }))),
    check: /accepts every input/,
    said: /an error was thrown where nobody can catch it.*: no end at .*bad-endings/,
  },
  {
    what: "writes into the address of the client",
    make: made(() => ({ fromClient: (data, { client }) => (Object.assign(client, { address: "hidden" }), data) })),
    check: /accepts every input/,
    said: /Cannot assign to read only property 'address'.*bad-endings/,
  },
  {
    what: "overwrites in the next turn what it has passed on",
    make: through(
      each((chunk) => {
        const out = Buffer.from(chunk);
        setImmediate(() => out.fill(0));
        return out;
      }),
    ),
    check: /accepts every input/,
    said: /it changed a chunk after passing it on/,
  },
  {
    what: "forgets in revive what it held",
    make: through(
      carry({
        start: () => ({ held: Buffer.alloc(0) }),
        step: (state, chunk) => {
          const all = Buffer.concat([state.held, chunk]);
          state.held = all.subarray(-2);
          return all.subarray(0, -2);
        },
        end: ({ held }) => held,
        revive: () => ({ held: Buffer.alloc(0) }),
      }),
    ),
    check: /over a swap/,
    said: /its state is lost over a swap/,
  },
  {
    what: "takes an empty chunk for one with a first byte",
    make: through(each((chunk) => ((chunk.at(0) as number).toFixed(), chunk))),
    check: /accepts every input/,
    said: /with empty chunks between: .*SLUICE_PLUGIN_FAILED/,
    saidByCompliance: /fromClient of "": .*SLUICE_PLUGIN_FAILED/,
  },
  {
    what: "throws when it is unsubscribed",
    make: through(finalize(() => fail("unsubscribed"))),
    check: /accepts every input/,
    said: /SLUICE_PLUGIN_FAILED: plugin "bad": unsubscribed at .*bad-endings/,
  },
  {
    what: "stops the timer of a session only at its end",
    make: made(() => ({
      fromClient: (data) => {
        const idle = setTimeout(() => undefined, 60_000).unref();
        return data.pipe(tap({ complete: () => clearTimeout(idle) }));
      },
    })),
    check: /broken off/,
    said: undefined,
    saidByCompliance: /after the end of a session there is still a timer/,
  },
  {
    what: "listens to its source twice",
    make: made(() => ({ fromClient: (data) => (data.subscribe(), data) })),
    check: /unsubscribes from its source/,
    said: undefined,
    saidByCompliance: /still listens to its source/,
  },
];
