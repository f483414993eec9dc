import { expect } from "chai";
import { concatMap, map, mergeMap, of, throwError, timer, type Observable } from "rxjs";
import { definePlugin, type FunctionPlugin } from "sluice";
import { answer, each } from "sluice/flow";
import { http } from "sluice/plugins";
import { z } from "zod";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { readText } from "../support/repository.ts";
import { connect } from "../support/sockets.ts";
import { startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const here = "test/integration/place-of-faults.spec.ts";
const source = readText(here).split("\n");
const lineOf = (mark: string): number => source.findIndex((line) => line.includes(`// ${mark}`)) + 1;

const boom = (): never => {
  throw new Error("boom"); // here
};
const parsed = (): never => z.never().parse(1); // in a package
const rejecting = async (): Promise<never> => {
  await Promise.resolve();
  return boom();
};
const garbage = (): Observable<never> => of("text") as Observable<never>;

/** Faults by name: the hooks, and the mark of the line that must be named. */
const faults: Readonly<Record<string, readonly [FunctionPlugin, string]>> = {
  "admit throws": [{ admit: boom }, "here"],
  "admit fails": [{ admit: () => throwError(boom) }, "here"],
  "resolve throws": [{ resolve: boom }, "here"],
  "connect throws": [{ connect: boom }, "here"],
  "connect fails behind an open leg": [{ connect: (attempt) => attempt.pipe(map(boom)) }, "here"],
  "an answer throws": [{ connect: (_attempt, session) => of(answer("faulty", (data) => data.pipe(map(boom)), session)) }, "here"],
  "fromClient throws": [{ fromClient: boom }, "here"],
  "fromUpstream throws": [{ fromUpstream: boom }, "here"],
  "each throws": [{ fromClient: (data) => data.pipe(each(boom)) }, "here"],
  "each rejects": [{ fromClient: (data) => data.pipe(each(rejecting)) }, "here"],
  "a plain operator throws": [{ fromUpstream: (data) => data.pipe(map(boom)) }, "here"],
  "a plain operator rejects": [{ fromClient: (data) => data.pipe(concatMap(rejecting)) }, "here"],
  "a plain operator fails in a timer": [{ fromClient: (data) => data.pipe(mergeMap(() => timer(5).pipe(map(boom)))) }, "here"],
  "a package throws that the plugin calls": [{ fromClient: (data) => data.pipe(each(parsed)) }, "in a package"],
  "a hook returns nothing": [{ connect: () => undefined as never }, "defined"],
  "a hook emits what it must not": [{ connect: garbage }, "defined"],
  "a byte hook emits what it must not": [{ fromClient: garbage }, "defined"],
};

describe("the place of a fault", () => {
  for (const onError of ["close", "bypass"] as const) {
    for (const [name, [hooks, mark]] of Object.entries(faults)) {
      it(`is named when ${name}, with onError ${onError}`, async () => {
        const faulty = definePlugin("faulty", () => hooks)({ onError }); // defined
        const { port, event } = await startForward(cleanup, "echo", { plugins: [faulty], upstreamName: "upstream.test" });
        const socket = cleanup.keep(await connect(port()));
        socket.on("error", () => undefined);
        socket.write("hello");
        const { error } = await event("plugin-fault");
        expect(error.where).to.match(new RegExp(`${here}:${lineOf(mark)}:\\d+$`));
        expect(error.message).to.include(`${error.where}: `);
      });
    }
  }

  it("is named when exchange throws", async () => {
    const faulty = definePlugin("faulty", () => ({ exchange: boom }))();
    const { port, event } = await startForward(cleanup, "echo", { plugins: [faulty, http()] });
    const socket = cleanup.keep(await connect(port()));
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await event("plugin-fault")).error.where).to.match(new RegExp(`${here}:${lineOf("here")}:\\d+$`));
  });

  const steps: Readonly<Record<string, () => FunctionPlugin>> = {
    "a function plugin": () => boom(),
    "its setup": () => ({ setup: boom }),
    "its setup, later": () => ({ setup: rejecting }),
  };
  for (const [name, make] of Object.entries(steps)) {
    it(`is named when ${name} throws`, async () => {
      const use = definePlugin("faulty", make)();
      const error: unknown = await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [use] } } }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error)
        .to.have.property("where")
        .that.matches(new RegExp(`${here}:${lineOf("here")}:\\d+$`));
    });
  }

  it("is named when inherit or teardown throws", async () => {
    const config = (hooks: FunctionPlugin) => ({
      listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:9", plugins: [definePlugin("faulty", () => hooks)()] } },
    });
    const { proxy, event } = await startProxy(config({ teardown: boom }));
    cleanup.add(() => proxy.close());
    const refused: unknown = await proxy.apply(config({ inherit: boom })).catch((thrown: unknown) => thrown);
    expect(refused)
      .to.have.property("where")
      .that.matches(new RegExp(`${here}:${lineOf("here")}:\\d+$`));
    await proxy.apply(config({}));
    expect((await event("plugin-fault")).error.where).to.match(new RegExp(`${here}:${lineOf("here")}:\\d+$`));
  });
});
