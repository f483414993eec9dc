import { expect } from "chai";
import type { Socket } from "node:net";
import { SluiceError, type FunctionPlugin, type PluginUse, type UseOptions } from "sluice";
import { defer, EMPTY, map, Observable, startWith, throwError } from "rxjs";
import { carry, each } from "sluice/flow";
import { lines, messages } from "sluice/codec";
import { createCleanup } from "../support/cleanup.ts";
import { exchange } from "../support/exchange.ts";
import { startForward, type Forward } from "../support/forward.ts";
import { eventually } from "../support/eventually.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const marked = (mark: string): FunctionPlugin => ({
  fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([chunk, Buffer.from(mark)]))),
});
const same = (chunk: Buffer): Buffer => chunk;
/** Holds everything until the next chunk. */
const held = carry({
  start: () => ({ last: Buffer.alloc(0) }),
  step: (state: { last: Buffer }, chunk) => {
    const { last } = state;
    state.last = Buffer.from(chunk);
    return last;
  },
  end: ({ last }) => last,
});
const boom = (): never => {
  throw new Error("boom");
};

describe("a byte hook that throws when it is called for a swap [reload]", () => {
  const faults: Readonly<Record<string, () => readonly PluginUse[]>> = {
    "the hook of one direction": () => [plugin("mark", { fromClient: boom, ...marked("2") })],
    "the hook of the other direction": () => [plugin("mark", { fromUpstream: boom })],
    "the last of several plugins": () => [plugin("mark", marked("2")), plugin("faulty", { fromClient: boom })],
    "a hook that returns no Observable": () => [plugin("mark", { fromUpstream: (() => 7) as never })],
    "an Observable that throws when it is subscribed to": () => [plugin("mark", { fromUpstream: () => new Observable(boom) })],
    "one of the other direction": () => [plugin("mark", { fromClient: () => defer(boom), ...marked("2") })],
    "one that fails at once": () => [plugin("mark", { fromClient: () => throwError(() => new Error("boom")) })],
    "one nearest to the source": () => [
      plugin("faulty", { fromClient: () => defer(boom) }),
      plugin("mark", { fromClient: map(same), ...marked("2") }),
    ],
    "the third of several, behind a bypassed one": () => [
      plugin("mark", marked("2")),
      plugin("raw", { fromUpstream: map(same) }, { onError: "bypass" }),
      plugin("faulty", { fromUpstream: (data) => data.pipe(startWith(Buffer.from("x")), map(boom)) }),
    ],
    "one behind which a bypassed one fails too": () => [
      plugin("bypassed", { fromUpstream: () => defer(boom) }, { onError: "bypass" }),
      plugin("faulty", { fromUpstream: () => defer(boom) }),
    ],
    "one in front of a carry": () => [plugin("faulty", { fromUpstream: () => defer(boom) }), plugin("mark", { fromUpstream: held })],
    "one in front of messages": () => [
      plugin("faulty", { fromUpstream: () => defer(boom) }),
      plugin("mark", {
        fromUpstream: messages(
          lines(),
          map((line) => line),
        ),
      }),
    ],
  };
  for (const [what, next] of Object.entries(faults)) {
    it(`does not change open sessions: ${what}`, async () => {
      const started = await startForward(cleanup, "echo", { plugins: [plugin("mark", marked("1"))] });
      const client = await connected(started);
      expect(await exchange(client, "a", 2)).to.equal("a1");
      const report = await started.proxy.apply(started.config(next()));
      expect(report.behind).to.include({ sessions: 1 });
      expect(report.behind?.generations).to.deep.equal([1]);
      expect(report.behind?.reason).to.match(/mark|faulty/);
      expect(await exchange(client, "b", 2)).to.equal("b1");
      const { listeners, counters } = started.proxy.status();
      expect([listeners[0]?.behind, counters["sluice_swaps_failed_total"]]).to.deep.equal([1, 1]);
      expect(started.all("plugin-fault").filter((fault) => fault.plugin !== "bypassed")).to.have.length(1);
      const good = await started.proxy.apply(started.config([plugin("mark", marked("3"))]));
      expect(good).to.not.have.property("behind");
      expect(await exchange(client, "c", 2)).to.equal("c3");
      expect(started.proxy.status().listeners[0]?.behind).to.equal(0);
    });
  }

  it("is bypassed with onError bypass, and the session changes to the new plugins", async () => {
    const bypass: UseOptions = { onError: "bypass" };
    const started = await startForward(cleanup, "echo", { plugins: [plugin("mark", marked("1"))] });
    const client = await connected(started);
    expect(await exchange(client, "a", 2)).to.equal("a1");
    const report = await started.proxy.apply(
      started.config([plugin("faulty", { fromUpstream: boom }, bypass), plugin("mark", marked("2"))]),
    );
    expect(report).to.not.have.property("behind");
    expect(await exchange(client, "b", 2)).to.equal("b2");
  });

  it("keeps the old operators themselves, with what their closures know", async () => {
    const teardowns: number[] = [];
    const counted = (generation: number): FunctionPlugin => ({
      fromUpstream: (data) => {
        let count = 0;
        return new Observable<Buffer>((to) => {
          to.add(data.pipe(map((chunk) => Buffer.concat([chunk, Buffer.from(String((count += 1)))]))).subscribe(to));
          return () => void teardowns.push(generation);
        });
      },
    });
    const started = await startForward(cleanup, "echo", { plugins: [plugin("count", counted(1))] });
    const client = await connected(started);
    expect(await exchange(client, "a", 2)).to.equal("a1");
    const faulty = plugin("faulty", { fromUpstream: () => defer(boom) });
    expect((await started.proxy.apply(started.config([plugin("count", counted(2)), faulty]))).behind?.sessions).to.equal(1);
    expect(await exchange(client, "b", 2)).to.equal("b2");
    expect(teardowns).to.deep.equal([2]);
    await started.proxy.apply(started.config([plugin("count", counted(3))]));
    expect(await exchange(client, "c", 2)).to.equal("c1");
    expect(teardowns).to.deep.equal([2, 1]);
  });

  it("does not touch what a carry of the old operators holds, and the next good save takes it over", async () => {
    for (const onError of ["close", "bypass"] as const) {
      const hold = (): PluginUse => plugin("hold", { fromUpstream: (data) => data.pipe(map(same), held, map(same)) }, { onError });
      const started = await startForward(cleanup, "echo", { plugins: [hold()] });
      const client = await connected(started);
      client.write("one ");
      await eventually(() => expect(came(started)).to.equal(4));
      const faulty = plugin("faulty", { fromUpstream: () => defer(boom) });
      const early = plugin("early", { fromUpstream: startWith(Buffer.from("!")) });
      for (const bad of [
        [faulty, hold()],
        [faulty, hold(), early],
        [early, hold(), faulty, hold()],
      ])
        await started.proxy.apply(started.config(bad));
      expect(await exchange(client, "two ", 4)).to.equal("one ");
      await started.proxy.apply(started.config([early, hold(), early]));
      expect(await exchange(client, "three ", 6)).to.equal("!two !");
      client.end();
      expect((await readAll(client)).toString()).to.equal("three ");
    }
  });

  it("lets what the old operators hold pass before anything of the new ones", async () => {
    let release: () => void = () => undefined;
    const slow = each((chunk: Buffer) => new Promise<Buffer>((resolve) => void (release = () => resolve(chunk))));
    const started = await startForward(cleanup, "echo", { plugins: [plugin("mark", { fromUpstream: slow })] });
    const client = await connected(started);
    client.write("a");
    await eventually(() => expect(came(started)).to.equal(1));
    await started.proxy.apply(started.config([plugin("mark", { fromUpstream: startWith(Buffer.from("hello ")) })]));
    client.write("b");
    await eventually(() => expect(came(started)).to.equal(2));
    release();
    expect((await readBytes(client, 8)).toString()).to.equal("ahello b");
  });

  it("lets a plugin end the session, which is no fault", async () => {
    for (const operator of [() => EMPTY, () => throwError(() => new SluiceError("SLUICE_CLOSED", "enough"))]) {
      const started = await startForward(cleanup, "echo", { plugins: [plugin("mark", { fromUpstream: map(same) })] });
      const client = await connected(started);
      expect(await exchange(client, "a", 1)).to.equal("a");
      const report = await started.proxy.apply(started.config([plugin("mark", { fromUpstream: operator })]));
      expect(report).to.not.have.property("behind");
      client.on("error", () => undefined);
      client.end();
      await started.ended();
    }
  });

  it("no longer counts sessions that have ended while they were behind, and reports several generations", async () => {
    const started = await startForward(cleanup, "echo", { plugins: [plugin("mark", marked("1"))] });
    const first = await connected(started);
    await exchange(first, "a", 2);
    let throws = true;
    const sometimes = (): PluginUse =>
      plugin("mark", { fromUpstream: (data, session) => (throws ? boom() : (marked("2").fromUpstream?.(data, session) ?? data)) });
    expect((await started.proxy.apply(started.config([sometimes()]))).behind?.sessions).to.equal(1);
    throws = false;
    const second = await connected(started);
    expect(await exchange(second, "b", 2)).to.equal("b2");
    throws = true;
    expect((await started.proxy.apply(started.config([sometimes()]))).behind).to.deep.include({ sessions: 2, generations: [1, 2] });
    first.destroy();
    await started.ended();
    expect(started.proxy.status().listeners[0]?.behind).to.equal(1);
  });
});

/** Bytes that have come from the upstream of the only session. */
function came({ proxy }: Forward): number | undefined {
  const [session] = proxy.sessions;
  return session?.fromUpstream.bytes;
}

async function connected(started: Forward): Promise<Socket> {
  return cleanup.keep(await connect(started.port()));
}
