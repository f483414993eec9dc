import { catchError, EMPTY, exhaustMap, mergeMap, Observable, of, take, tap, timer, type MonoTypeOperatorFunction } from "rxjs";
import { CLOCK, definePlugin, type PluginUse, type Session } from "sluice";
import { each } from "sluice/flow";
import { made, through, type BadHabit } from "./bad-plugin.ts";

const passed = (data: Observable<Buffer>): Observable<Buffer> => data;

async function failing(): Promise<void> {
  await Promise.reject(new Error("no such host"));
}

/** Emits each chunk later, and completes at once. */
const tooLate =
  (later: (work: () => void) => void): MonoTypeOperatorFunction<Buffer> =>
  (data) =>
    new Observable((to) =>
      data.subscribe({
        next: (chunk) => later(() => to.next(chunk)),
        complete: () => to.complete(),
        error: (error) => to.error(error),
      }),
    );

/** Keeps the thread to itself. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const digit = /[0-9]/g;
const kept: unknown[] = [];
let isLocked = false;

const addsAWord = definePlugin("bad", (options: { readonly words: string[] }) => ({
  setup: () => void options.words.push("secret"),
  fromClient: passed,
}));

/** Mistakes that real authors make, and that cost them a night each. */
export const badHabits: readonly BadHabit[] = [
  {
    what: "forgets a promise that is rejected, in each session",
    make: made(() => ({ fromClient: (data) => (void failing(), data) })),
    check: /when its last session is over/,
    said: /a promise was rejected and nobody handled it: no such host at .*bad-habits/,
  },
  {
    what: "forgets a promise that is rejected, in setup",
    make: made(() => ({ setup: () => void failing(), fromClient: passed })),
    check: /after setup and teardown/,
    said: /nobody handled it: no such host/,
  },
  {
    what: "changes its options",
    make: () => addsAWord({ words: ["pin"] }),
    check: /after setup and teardown/,
    said: /it changed the options that it was given/,
  },
  {
    what: "blocks the event loop",
    make: through(tap(() => work(25))),
    check: /block the event loop/,
    said: /it blocks the event loop: \d+ bytes took \d+ ms/,
  },
  {
    what: "keeps every session in a list",
    make: made(() => ({ fromClient: (data, session: Session) => (kept.push(session), data) })),
    check: /keeps no reference/,
    said: undefined,
    saidByCompliance: /it keeps a reference to each session that has ended.*finalize\(\)/,
  },
  {
    what: "keeps every session in a Map of its own, by its id",
    make: made(() => {
      const sessions = new Map<number, Session>();
      return { fromUpstream: (data, session: Session) => (sessions.set(session.id, session), data) };
    }),
    check: /keeps no reference/,
    said: undefined,
    saidByCompliance: /it keeps a reference to each session/,
  },
  {
    what: "keeps every session that it admits",
    make: made(() => {
      const admitted = new Set<Session>();
      return { admit: (sessions) => sessions.pipe(tap((session) => admitted.add(session))) };
    }),
    check: /keeps no reference/,
    said: undefined,
    saidByCompliance: /it keeps a reference to each session/,
  },
  {
    what: "keeps every chunk",
    make: made(() => {
      const history: Buffer[] = [];
      return { fromClient: (data) => data.pipe(tap((chunk) => history.push(chunk))) };
    }),
    check: /keeps no reference/,
    said: undefined,
    saidByCompliance: /it keeps a chunk of each session/,
  },
  {
    what: "takes a lock in setup that the instance before it still has",
    make: made(() => ({
      setup: () => {
        if (isLocked) throw new Error("EADDRINUSE");
        isLocked = true;
      },
      teardown: () => {
        isLocked = false;
      },
      fromClient: passed,
    })),
    check: /still runs, as in a reload/,
    said: /its setup\(\) in a reload, while the instance before it still runs, failed: EADDRINUSE/,
  },
  {
    what: "fails in setup",
    make: made(() => ({ setup: () => failing(), fromClient: passed })),
    check: /after setup and teardown/,
    said: /bad: its setup\(\) failed: no such host at .*bad-habits/,
  },
  {
    what: "cannot be torn down twice",
    make: made(() => {
      let isClosed = false;
      return {
        fromClient: passed,
        teardown: () => {
          if (isClosed) throw new Error("already closed");
          isClosed = true;
        },
      };
    }),
    check: /without a setup, and twice/,
    said: undefined,
    saidByCompliance: /its teardown\(\), called a second time, failed: already closed/,
  },
  {
    what: "emits by a timer, and completes before it",
    make: through(tooLate((emit) => setTimeout(emit, 2))),
    check: /before its output completes/,
    said: /bytes are missing/,
    saidByCompliance: /bytes came after its output had completed, and are lost/,
  },
  {
    what: "emits in a later turn, and completes before it",
    make: through(tooLate((emit) => setImmediate(emit))),
    check: /before its output completes/,
    said: /bytes are missing/,
    saidByCompliance: /bytes came after its output had completed, and are lost/,
  },
  {
    what: "drops what comes while it is busy",
    make: through(exhaustMap((chunk) => Promise.resolve(chunk))),
    check: /however its chunks are cut/,
    said: /depends on where the chunks are cut/,
  },
  {
    what: "lets small chunks overtake large ones",
    make: (): PluginUse =>
      definePlugin("bad", (_options, inject) => {
        const clock = inject(CLOCK);
        return {
          fromClient: (data) => data.pipe(mergeMap((chunk) => timer(Math.min(chunk.length, 50), clock).pipe(mergeMap(() => of(chunk))))),
        };
      })(),
    check: /however its chunks are cut/,
    said: /depends on where the chunks are cut/,
  },
  {
    what: "passes only the first chunk on",
    make: through(take(1)),
    check: /however its chunks are cut/,
    said: /depends on where the chunks are cut/,
  },
  {
    what: "reads a number from a chunk that may be shorter",
    make: through(each((chunk) => (chunk.length > 0 && chunk.readUInt32BE(0) === 0 ? Buffer.alloc(0) : chunk))),
    check: /however its chunks are cut/,
    said: /SLUICE_PLUGIN_FAILED.*bad-habits.*a chunk is not a message/s,
  },
  {
    what: "takes a chunk for all of the memory behind it",
    make: through(each((chunk) => Buffer.from(chunk.buffer))),
    check: /accepts every input/,
    said: /its output is not what was expected/,
    saidByCompliance: /two runs with the same input differ|not what was expected/,
  },
  {
    what: "has a RegExp that remembers where it was",
    make: through(
      each((chunk) => (digit.test(chunk.toString("latin1")) ? Buffer.from(chunk.toString("latin1").toUpperCase(), "latin1") : chunk)),
    ),
    check: /accepts every input/,
    said: /./,
    saidByCompliance: /two runs with the same input differ: .*RegExp with the flag g/,
  },
  {
    what: "closes the session at an empty chunk",
    make: made(() => ({ fromClient: (data, session: Session) => data.pipe(tap((chunk) => chunk.length === 0 && session.close())) })),
    check: /accepts every input|ignores empty chunks/,
    said: /with empty chunks between: the session ended with SLUICE_CLOSED/,
    saidByCompliance: /SLUICE_CLOSED/,
  },
  {
    what: "swallows the refusal of the upstream",
    make: made(() => ({ connect: (upstream) => upstream.pipe(catchError(() => EMPTY)) })),
    check: /connect hook/,
    said: undefined,
    saidByCompliance: /its connect hook completes without a leg when the upstream refuses/,
  },
  {
    what: "forgets to connect",
    make: made(() => ({ connect: () => EMPTY })),
    check: /connect hook/,
    said: undefined,
    saidByCompliance: /its connect hook completes without a leg when the upstream accepts/,
  },
  {
    what: "returns nothing from a hook",
    make: made(() => ({ fromClient: ((data: Observable<Buffer>) => void data.pipe(tap())) as never })),
    check: /accepts every input/,
    said: /a byte hook must return the Observable it made of its data/,
  },
];
