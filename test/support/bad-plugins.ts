import { randomBytes } from "node:crypto";
import { catchError, EMPTY, finalize, interval, map, Observable, Subject, take, takeUntil, type MonoTypeOperatorFunction } from "rxjs";
import { CLOCK, definePlugin, EVENTS, type FunctionPlugin, type PluginUse } from "sluice";
import { carry, each } from "sluice/flow";
import { made, type BadPlugin } from "./bad-plugin.ts";

const both =
  (operator: MonoTypeOperatorFunction<Buffer>, more: Partial<FunctionPlugin> = {}) =>
  (): PluginUse =>
    definePlugin("bad", () => ({ fromClient: (data) => data.pipe(operator), fromUpstream: (data) => data.pipe(operator), ...more }))();

/** Whole lines: what is unfinished waits in a closure. */
const lines =
  (flush: boolean): MonoTypeOperatorFunction<Buffer> =>
  (data) =>
    new Observable((to) => {
      let rest = Buffer.alloc(0);
      return data.subscribe({
        next: (chunk) => {
          rest = Buffer.concat([rest, chunk]);
          const end = rest.lastIndexOf("\n") + 1;
          if (end > 0) to.next(rest.subarray(0, end));
          rest = rest.subarray(end);
        },
        complete: () => {
          if (flush && rest.length > 0) to.next(rest);
          to.complete();
        },
        error: (error) => to.error(error),
      });
    });

/** Plugins that pass bytes on, or would, were they right. */
export const badPlugins: readonly BadPlugin[] = [
  {
    what: "keeps a chunk that it was lent",
    make: made(() => {
      const late = (): MonoTypeOperatorFunction<Buffer> => {
        let before: Buffer | undefined;
        return carry({
          start: () => undefined,
          step: (_state, chunk) => {
            const out = before;
            before = chunk;
            return out ?? null;
          },
          end: () => before ?? null,
        });
      };
      return { borrows: true, fromClient: (data) => data.pipe(late()) };
    }),
    said: /keeps a chunk that it was lent/,
  },
  {
    what: "loses what it holds at FIN",
    make: both(lines(false)),
    check: /loses nothing at the end/,
    said: /the last \d+ bytes are missing.*FIN/s,
    saidByCompliance: /FIN/,
  },
  {
    what: "shares a variable among sessions",
    make: made(() => {
      let rest = "";
      const step = (chunk: Buffer): Buffer => {
        const text = rest + chunk.toString("latin1");
        rest = text.slice(-1);
        return Buffer.from(text.slice(0, -1), "latin1");
      };
      return {
        fromClient: (data) =>
          data.pipe(
            each(step),
            endingWith(() => Buffer.from(rest, "latin1")),
          ),
      };
    }),
    check: /keeps sessions apart/,
    said: /sessions with the same input mix/,
  },
  {
    what: "takes chunks for whole characters",
    make: both(each((chunk) => Buffer.from(chunk.toString("utf8")))),
    said: /takes a chunk for whole characters/,
  },
  {
    what: "swallows what follows an empty chunk",
    make: both(
      (data) =>
        new Observable((to) =>
          data.subscribe({
            next: (chunk) => {
              if (chunk.length === 0) to.complete();
              else to.next(chunk);
            },
            complete: () => to.complete(),
            error: (error) => to.error(error),
          }),
        ),
    ),
    said: /an empty chunk changes its output/,
    saidByCompliance: /empty chunk/,
  },
  { what: "emits a Uint8Array", make: both(map((chunk) => new Uint8Array(chunk) as Buffer)), said: /a Uint8Array, which is not a Buffer/ },
  { what: "emits text", make: both(map((chunk) => String(chunk) as never)), said: /SLUICE_PLUGIN_CHUNK/ },
  { what: "gives undefined for a chunk", make: both(each((() => undefined) as never)), said: /SLUICE_PLUGIN_CHUNK/ },
  {
    what: "never completes",
    make: both((data) => new Observable((to) => data.subscribe({ next: (chunk) => to.next(chunk) }))),
    check: /accepts every input/,
    said: /did not complete after its input had/,
  },
  {
    what: "throws at an unusual byte",
    make: both(
      each((chunk) => {
        if (chunk.includes(0xff)) throw new Error("no such character");
        return chunk;
      }),
    ),
    said: /no such character/,
  },
  {
    what: "leaves a timer behind after its session",
    make: made(() => ({
      fromClient: (data) => {
        setInterval(() => undefined, 60_000).unref();
        return data;
      },
    })),
    said: undefined,
    saidByCompliance: /after the end of a session there is still a timer/,
  },
  {
    what: "leaves a timer behind after its teardown",
    make: made(() => ({ setup: () => void setInterval(() => undefined, 60_000).unref() })),
    said: undefined,
    saidByCompliance: /after its teardown there is still a timer/,
  },
  {
    what: "leaves work on CLOCK behind",
    make: (): PluginUse =>
      definePlugin("bad", (_options, inject) => {
        const clock = inject(CLOCK);
        return {
          fromClient: (data) => {
            // It ends by itself, since a case on the real clock would keep the tests from ending.
            interval(1_000, clock).pipe(take(3)).subscribe();
            return data;
          },
        };
      })(),
    said: undefined,
    saidByCompliance: /still work that waits on CLOCK/,
  },
  {
    what: "begins something in its construction",
    make: made(() => {
      setInterval(() => undefined, 60_000).unref();
      return {};
    }),
    said: undefined,
    saidByCompliance: /its construction began a timer/,
  },
  {
    what: "stays subscribed to EVENTS",
    make: (): PluginUse =>
      definePlugin("bad", (_options, inject) => {
        const events = inject(EVENTS);
        return { setup: () => void events.subscribe() };
      })(),
    said: undefined,
    saidByCompliance: /still a subscription to EVENTS/,
  },
  {
    what: "ends both directions when one ends",
    make: made(() => {
      const over = new WeakMap<object, Subject<void>>();
      const half = (data: Observable<Buffer>, session: object): Observable<Buffer> => {
        const end = over.get(session) ?? new Subject<void>();
        over.set(session, end);
        return data.pipe(
          finalize(() => end.next()),
          takeUntil(end),
        );
      };
      return { fromClient: half, fromUpstream: half };
    }),
    check: /passes the end of one direction/,
    said: undefined,
    saidByCompliance: /ends or changes .*half-close|ignores empty/s,
  },
  {
    what: "keeps listening to its source",
    make: made(() => ({
      fromClient: (data) => {
        const out = new Subject<Buffer>();
        data.subscribe(out);
        return out;
      },
    })),
    check: /passes errors on/,
    said: undefined,
    saidByCompliance: /still listens to its source/,
  },
  {
    what: "swallows errors",
    make: both(catchError(() => EMPTY)),
    check: /passes errors on/,
    said: undefined,
    saidByCompliance: /does not pass an error/,
  },
  {
    what: "depends on chance",
    make: both(each((chunk) => Buffer.concat([chunk, randomBytes(8)]))),
    said: undefined,
    saidByCompliance: /two runs with the same input differ/,
  },
  {
    what: "changes bytes, and loses what it holds at FIN",
    make: both((data) => lines(false)(data).pipe(map((chunk): Buffer => Buffer.from(chunk.toString("latin1").toUpperCase(), "latin1")))),
    check: /loses nothing at the end/,
    said: undefined,
    saidByCompliance: /\(FIN\)/,
  },
  {
    what: "cannot be torn down without a setup",
    make: made(() => {
      let timer: NodeJS.Timeout | undefined;
      return {
        setup: () => {
          timer = setInterval(() => undefined, 60_000);
        },
        teardown: () => {
          if (timer === undefined) throw new Error("nothing to tear down");
          clearInterval(timer);
        },
      };
    }),
    said: undefined,
    saidByCompliance: /nothing to tear down/,
  },
];

function endingWith(last: () => Buffer): MonoTypeOperatorFunction<Buffer> {
  return (data) =>
    new Observable((to) =>
      data.subscribe({
        next: (chunk) => to.next(chunk),
        error: (error) => to.error(error),
        complete: () => {
          to.next(last());
          to.complete();
        },
      }),
    );
}
