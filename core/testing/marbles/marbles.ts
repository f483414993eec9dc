import { defer, isObservable, throwError, type Observable } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import {
  CLOCK,
  type Direction,
  type PluginUse,
  type Provider,
  type Session,
  SluiceError,
  type Transport,
  type Upstream,
} from "../../contract/index.ts";
import { BenchSession } from "../bench/bench-session.ts";
import { KeptLeg } from "../bench/played-leg.ts";
import { PluginBench, type BenchInstance } from "../bench/plugin-bench.ts";
import { refuseUnknown } from "../values/known-keys.ts";
import { anyError, compareFrames, type Frame } from "./frames.ts";
import { readMarble, valuesOf, type MarbleValues } from "./marble-text.ts";

/** Options of marbles(). */
export interface MarblesOptions {
  /** Providers for the plugin, which replace those of the core. */
  readonly providers?: readonly Provider[];
  /** Properties of the session to replace: `{ client: socketAddress("192.0.2.1", 5000, "IPv4") }`. */
  readonly session?: Partial<Session>;
  /** The transport of the plugin's listener. @default "tcp" */
  readonly transport?: Transport;
}

/** An expectation about an Observable. */
interface Expectation {
  readonly toBe: (marble: string, values?: MarbleValues, error?: string) => void;
}

/** The tools of a test in virtual time. */
export interface MarbleTest {
  /**
   * The output of the plugin's `fromClient` for these bytes; the bytes themselves without such a hook. Without values, each letter is its own byte.
   */
  readonly fromClient: (marble: string, values?: MarbleValues) => Observable<Buffer>;
  /** The output of the plugin's `fromUpstream`. */
  readonly fromUpstream: (marble: string, values?: MarbleValues) => Observable<Buffer>;
  /**
   * The output of the plugin's `connect` for attempts. Each subscription gets the next attempt, and further ones the last. A letter is a leg that
   * opened, `#` one that was refused. The letter is also what to expect.
   */
  readonly upstream: (...attempts: readonly string[]) => Observable<Upstream>;
  /** Expects an output at certain times. An error is expected by its code or its message; without one, any error is accepted. */
  readonly expect: (actual: Observable<unknown>) => Expectation;
  /** The session that the hooks are called with. */
  readonly session: Session;
  /** The plugin's `CLOCK`; `now()` is the virtual time in milliseconds. */
  readonly clock: TestScheduler;
}

/** Milliseconds to watch a plugin after the end of all diagrams: long enough to see late output, and limited, since a heartbeat never ends. */
const WATCHED_MS = 60_000;

/**
 * Tests a plugin in virtual time, with marble diagrams, outside a flow. The plugin is set up before the test and torn down after it. The operators of
 * RxJS and of `sluice/flow` use the virtual time too; promises and Node's timers do not.
 *
 * @returns undefined, or a promise if the plugin's `setup` or a provider returns one: then the test runs after that has settled
 * @example
 * marbles(slowLine({ delay: "20ms" }), ({ fromClient, expect }) => {
 *   expect(fromClient("a 9ms b|", { a: "he", b: "llo" })).toBe("20ms a 9ms (b|)", { a: "he", b: "llo" });
 * });
 * @throws SLUICE_TEST_FAILED for another output or another time; SLUICE_TEST_MARBLE for a diagram that cannot be read
 */
export function marbles(use: PluginUse, test: (given: MarbleTest) => void, options: MarblesOptions = {}): void | Promise<void> {
  if (typeof test !== "function")
    throw new SluiceError(
      "SLUICE_TEST_INVALID",
      "marbles(use, test): expected a function as the second argument, which gets { fromClient, expect, … }",
    );
  refuseUnknown(options, ["providers", "session", "transport"] satisfies (keyof MarblesOptions)[], "marbles(use, test, options)");
  const clock = new TestScheduler((actual, expected) => {
    compareFrames(actual as readonly Frame[], expected as readonly Frame[]);
  });
  const { providers = [], transport = "tcp" } = options;
  const bench = new PluginBench(use, { transport, providers: [{ token: CLOCK, useValue: clock }, ...providers] });
  const begin = (): void | Promise<void> => {
    const instance = bench.constructNow();
    const ready = instance.plugin.setup?.();
    const run = (): void | Promise<void> => runTest(instance, test, clock, options);
    return ready instanceof Promise ? ready.then(run) : run();
  };
  return bench.ready === undefined ? begin() : bench.ready.then(begin);
}

function runTest(
  { plugin }: BenchInstance,
  test: (given: MarbleTest) => void,
  clock: TestScheduler,
  { session: given = {}, transport = "tcp" }: MarblesOptions,
): void | Promise<void> {
  const session = Object.defineProperties(new BenchSession(transport, clock.now()), Object.getOwnPropertyDescriptors(given));
  let last = 0;
  let isOver = false;
  /** The expectations without toBe() so far. */
  let unsaid = 0;
  const read = (text: string, place: string): ReturnType<typeof readMarble> => {
    if (isOver) throw misused(`${place}(…): the test is over, and its virtual time with it`);
    const marble = readMarble(text, place);
    last = Math.max(last, marble.length);
    return marble;
  };
  try {
    clock.run(({ cold, expectObservable }) => {
      const hook = (direction: Direction) => (text: string, values?: MarbleValues) => {
        const marble = read(text, direction);
        const source: Observable<Buffer> = cold(marble.text, valuesOf(marble, values, direction));
        return plugin[direction]?.(source, session) ?? source;
      };
      const returned: unknown = test({
        fromClient: hook("fromClient"),
        fromUpstream: hook("fromUpstream"),
        upstream: (...attempts) => {
          const tries = attempts.map((text) => {
            const marble = read(text, "upstream");
            return cold<Upstream>(marble.text, Object.fromEntries(Array.from(marble.letters, (name) => [name, legTo(name)])), refused());
          });
          if (plugin.connect === undefined) throw new SluiceError("SLUICE_TEST_INVALID", "upstream(…): the plugin has no connect hook");
          return plugin.connect(inTurn(tries), session);
        },
        expect: (actual) => {
          if (!isObservable(actual)) throw misused("expect(actual): expected an Observable, such as fromClient(…) returns");
          unsaid += 1;
          return {
            toBe(text, values, error) {
              unsaid -= 1;
              const marble = read(text, "toBe");
              expectObservable(actual).toBe(marble.text, valuesOf(marble, values, "toBe"), error ?? anyError);
            },
          };
        },
        session,
        clock,
      });
      refuseUnfinished(returned, unsaid);
      clock.maxFrames = last + WATCHED_MS;
    });
  } finally {
    isOver = true;
    session.end();
  }
  return plugin.teardown?.();
}

/** @param returned by the test @param unsaid the number of its expectations without toBe() */
function refuseUnfinished(returned: unknown, unsaid: number): void {
  if (returned instanceof Promise) {
    // What it still does fails, since the test is over: it has been told.
    returned.catch(() => undefined);
    throw misused("the test returned a promise: nothing waits in virtual time, so it must do everything at once");
  }
  if (unsaid > 0) throw misused("expect(…) without toBe(…): nothing was compared");
}

function misused(detail: string): SluiceError {
  return new SluiceError("SLUICE_TEST_INVALID", `marbles(use, test): ${detail}`);
}

/** Each subscription gets the next attempt, and further ones the last. */
function inTurn(attempts: readonly Observable<Upstream>[]): Observable<Upstream> {
  let turn = 0;
  return defer(() => {
    const attempt = attempts[Math.min(turn, attempts.length - 1)];
    turn += 1;
    return attempt ?? throwError(refused);
  });
}

function refused(): SluiceError {
  return new SluiceError("SLUICE_UPSTREAM_REFUSED", "refused by the marble diagram");
}

function legTo(endpoint: string): Upstream {
  return { endpoint, leg: new KeptLeg(false, false) };
}
