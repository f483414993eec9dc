import { expect } from "chai";
import { concatMap, map, mergeMap, of, throwError, timer } from "rxjs";
import type { Observable } from "rxjs";
import type { FunctionPlugin, Session } from "sluice";
import { answer, each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startForward } from "../support/forward.ts";
import { breakOf } from "../support/reset.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const boom = (): never => {
  throw new Error("boom");
};
const later = (): Promise<never> => new Promise((_resolve, reject) => void setImmediate(reject, new Error("boom")));
/** A hook that was declared `async`. */
const promising = (): Observable<never> => later() as unknown as Observable<never>;
const garbage = (value: unknown): Buffer => value as Buffer;
const cast = (thrown: unknown): never => {
  // oxlint-disable-next-line typescript/only-throw-error -- a plugin written in JavaScript may throw anything
  throw thrown;
};
/** What throws at every question. */
const unreadable = (): object => new Proxy({}, { get: boom, has: boom, getPrototypeOf: boom });
/** Whatever a hook written in JavaScript may return. */
const nothing = undefined as unknown as Observable<never>;
const scalar = (value: unknown): Observable<never> => of(value) as Observable<never>;

/** Faults by name: the hooks of a plugin that has it. */
const faults: Readonly<Record<string, FunctionPlugin>> = {
  "admit throws": { admit: boom },
  "admit fails": { admit: () => throwError(() => new Error("boom")) },
  "admit returns undefined": { admit: () => nothing },
  "admit returns a promise that rejects": { admit: promising },
  "resolve throws": { resolve: boom },
  "resolve fails": { resolve: () => throwError(() => new Error("boom")) },
  "resolve returns undefined": { resolve: () => nothing },
  "resolve returns a promise that rejects": { resolve: promising },
  "resolve emits a string": { resolve: () => scalar("127.0.0.1") },
  "resolve emits strings": { resolve: () => scalar(["127.0.0.1"]) },
  "resolve emits undefined": { resolve: () => scalar(undefined) },
  "connect throws": { connect: boom },
  "connect fails": { connect: () => throwError(() => new Error("boom")) },
  "connect returns undefined": { connect: () => nothing },
  "connect returns a promise that rejects": { connect: promising },
  "connect emits a string": { connect: () => scalar("127.0.0.1:80") },
  "connect emits undefined": { connect: () => scalar(undefined) },
  "connect throws behind an open leg": { connect: (attempt) => attempt.pipe(map(boom)) },
  "an answer throws": { connect: (_attempt, session) => of(answer("faulty", (data) => data.pipe(map(boom)), session)) },
  "an answer emits a number": { connect: (_attempt, session) => of(answer("faulty", (data) => data.pipe(map(() => garbage(7))), session)) },
  "fromClient throws": { fromClient: boom },
  "fromClient returns undefined": { fromClient: () => nothing },
  "fromUpstream throws": { fromUpstream: boom },
  "each throws": { fromClient: (data) => data.pipe(each(boom)) },
  "each throws what has no text": { fromClient: (data) => data.pipe(each(() => cast(Object.create(null)))) },
  "each throws what cannot be looked at": { fromClient: (data) => data.pipe(each(() => cast(unreadable()))) },
  "a plain operator throws what cannot be looked at": { fromUpstream: (data) => data.pipe(map(() => cast(unreadable()))) },
  "each rejects": { fromClient: (data) => data.pipe(each(later)) },
  "each returns undefined": { fromClient: (data) => data.pipe(each(() => garbage(undefined))) },
  "each returns a string": { fromClient: (data) => data.pipe(each(() => garbage("text"))) },
  "each promises a string": { fromUpstream: (data) => data.pipe(each(() => Promise.resolve(garbage("text")))) },
  "a plain operator throws": { fromUpstream: (data) => data.pipe(map(boom)) },
  "a plain operator rejects": { fromClient: (data) => data.pipe(concatMap(later)) },
  "a plain operator fails in a timer": { fromClient: (data) => data.pipe(mergeMap(() => timer(5).pipe(map(boom)))) },
  "a plain operator emits a string": { fromClient: (data) => data.pipe(map(() => garbage("text"))) },
  "a plain operator emits undefined": { fromUpstream: (data) => data.pipe(map(() => garbage(undefined))) },
};

/** The same hooks, for the sessions alone that `struck` chooses. */
function limited(hooks: FunctionPlugin, struck: (session: Session | undefined) => boolean): FunctionPlugin {
  const guarded = Object.entries(hooks).map(([name, hook]) => {
    const call = hook as (source: unknown, context: Session) => unknown;
    return [
      name,
      (source: unknown, context: Session) => (struck(name === "resolve" ? undefined : context) ? call(source, context) : source),
    ];
  });
  return Object.fromEntries(guarded) as FunctionPlugin;
}

describe("isolation of a faulty plugin [data path]", () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  before(() => process.on("unhandledRejection", note).on("uncaughtExceptionMonitor", note));
  after(() => process.off("unhandledRejection", note).off("uncaughtExceptionMonitor", note));

  for (const [name, hooks] of Object.entries(faults)) {
    it(`harms one session and names the plugin when ${name}`, async () => {
      let faulty = false;
      const strike = plugin(
        "faulty",
        limited(hooks, () => faulty),
      );
      const innocent = (id: string): ReturnType<typeof plugin> =>
        plugin(id, { fromClient: (data) => data.pipe(each((chunk) => chunk)), connect: (attempt) => attempt });
      const { port, proxy, event, ended, all } = await startForward(cleanup, "echo", {
        plugins: [innocent("before"), strike, innocent("after")],
        upstreamName: "upstream.test",
      });
      const unharmed = await connect(port());
      unharmed.write("hello");
      await readBytes(unharmed, 5);
      faulty = true;
      const harmed = await connect(port());
      harmed.write("hello");
      await breakOf(harmed);
      const fault = await event("plugin-fault");
      expect([fault.plugin, fault.error.source]).to.deep.equal(["faulty", "plugin"]);
      expect((await ended()).reason).to.be.oneOf(["SLUICE_PLUGIN_FAILED", "SLUICE_PLUGIN_CHUNK"]);
      expect(all("plugin-fault"), "faults").to.have.length(1);
      faulty = false;
      const next = await connect(port());
      for (const client of [unharmed, next]) {
        client.write("again");
        expect(String(await readBytes(client, 5))).to.equal("again");
      }
      expect(proxy.sessions.size).to.equal(2);
      unharmed.destroy();
      next.destroy();
      await eventually(() => expect(proxy.sessions.size).to.equal(0));
      expect(uncaught.splice(0)).to.deep.equal([]);
    });
  }
});
