import { expect } from "chai";
import { CLOCK, SluiceError, type PluginUse } from "sluice";
import * as faults from "sluice/faults";
import {
  startProxy,
  startUpstream,
  virtualClock,
  type TestClient,
  type TestProxy,
  type TestUpstream,
  type VirtualClock,
} from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { refusalOf } from "../support/rejection.ts";

const { bandwidth, blackhole, corrupt, duplicate, latency, limitData, loss, refuse, reorder, reset, script, slicer, slowClose, truncate } =
  faults;

const cleanup = createCleanup();

interface Stage extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly proxy: TestProxy;
  readonly upstream: TestUpstream;
  readonly client: TestClient;
  apply(...plugins: readonly PluginUse[]): Promise<unknown>;
}

async function stage(...plugins: readonly PluginUse[]): Promise<Stage> {
  const clock = virtualClock();
  const upstream = await startUpstream("echo", { transport: "udp" });
  const config = (uses: readonly PluginUse[]) => ({
    listen: "udp://127.0.0.1:0",
    upstream: upstream.address,
    plugins: uses,
    providers: [{ token: CLOCK, useValue: clock }],
  });
  const proxy = await startProxy(config(plugins));
  return {
    clock,
    proxy,
    upstream,
    client: await proxy.connect(),
    apply: (...uses) => proxy.apply(config(uses)),
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await upstream.close();
    },
  };
}

/** Sends numbered datagrams, one after the other, and says which came to the upstream, in their order. */
async function numbers(on: Stage, count: number): Promise<number[]> {
  for (let number = 0; number < count; number += 1) {
    await on.client.send(String(number));
  }
  await eventually(() => expect([...on.proxy.proxy.sessions][0]?.fromClient.chunks).to.equal(count));
  // Once the fault is gone, one more comes for certain, and behind all others.
  await on.apply();
  await on.client.send("last");
  await eventually(() => expect(String(on.upstream.datagrams.at(-1))).to.equal("last"));
  return on.upstream.datagrams.slice(0, -1).map(Number);
}

describe("faults on udp", () => {
  afterEach(() => cleanup.run());

  it("loss: as many datagrams are lost as the rate says, and the same ones with the same seed", async () => {
    const run = async (): Promise<number[]> => {
      const on = cleanup.keep(await stage(loss({ rate: 0.3, seed: 3, direction: "fromClient" })));
      return numbers(on, 400);
    };
    const first = await run();
    expect(first.length).to.be.within(240, 320);
    expect(await run()).to.deep.equal(first);
  });

  it("loss in bursts: in total as many as the rate says, in bursts of the given average length", async () => {
    const on = cleanup.keep(await stage(loss({ rate: 0.25, burst: 5, seed: 11, direction: "fromClient" })));
    const came = await numbers(on, 1000);
    expect(came.length).to.be.within(600, 880);
    const gaps = came.map((number, at) => number - (came[at - 1] ?? -1) - 1).filter((gap) => gap > 0);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect(mean).to.be.within(3, 8);
  });

  it("duplicate: some datagrams come twice", async () => {
    const on = cleanup.keep(await stage(duplicate({ rate: 1, direction: "fromClient" })));
    expect(await numbers(on, 3)).to.deep.equal([0, 0, 1, 1, 2, 2]);
  });

  it("reorder: later datagrams pass first, by the given number of positions", async () => {
    const on = cleanup.keep(await stage(reorder({ rate: 0.2, by: 2, seed: 5, direction: "fromClient" })));
    const came = await numbers(on, 100);
    expect(came).to.not.deep.equal(came.toSorted((a, b) => a - b));
    expect(came.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: 100 }, (_, at) => at));
  });

  it("reorder: if no datagram overtakes it, a datagram waits at most 100 ms; a reload releases it", async () => {
    const on = cleanup.keep(await stage(reorder({ rate: 1, by: 5, direction: "fromClient" })));
    await on.client.send("alone");
    await eventually(() => expect(on.clock.pending).to.equal(1));
    on.clock.advance("99ms");
    expect(on.upstream.datagrams).to.have.lengthOf(0);
    on.clock.advance("1ms");
    expect(String(await on.client.receive())).to.equal("alone");
    await on.client.send("held");
    await eventually(() => expect(on.clock.pending).to.equal(1));
    await on.apply();
    expect(String(await on.client.receive())).to.equal("held");
  });

  it("truncate: datagrams are shortened", async () => {
    const on = cleanup.keep(await stage(truncate({ rate: 1, to: 4, direction: "fromUpstream" })));
    await on.client.send("truncated");
    expect(String(await on.client.receive())).to.equal("trun");
  });

  it("latency: in each direction, and held datagrams are sent on when the fault is disabled", async () => {
    const on = cleanup.keep(await stage(latency({ delay: "50ms" })));
    await on.client.send("late");
    await eventually(() => expect(on.clock.pending).to.equal(1));
    on.clock.advance("50ms");
    await eventually(() => expect(on.clock.pending).to.equal(1));
    await on.apply(latency({ delay: "50ms", enabled: false }));
    expect(String(await on.client.receive())).to.equal("late");
  });

  it("blackhole: datagrams are lost, and do not come when the fault is removed", async () => {
    const on = cleanup.keep(await stage(blackhole()));
    await on.client.send("gone");
    await eventually(() => expect([...on.proxy.proxy.sessions][0]?.fromClient.chunks).to.equal(1));
    await on.apply();
    await on.client.send("back");
    expect(String(await on.client.receive())).to.equal("back");
    expect(on.upstream.datagrams.map(String)).to.deep.equal(["back"]);
  });

  it("bandwidth of 0: nothing passes, not even an empty datagram, and the flow goes on when it is removed", async () => {
    const on = cleanup.keep(await stage(bandwidth({ rate: 0, direction: "fromClient" })));
    for (const datagram of ["", "some", ""]) await on.client.send(datagram);
    await eventually(() => expect([...on.proxy.proxy.sessions][0]?.fromClient.chunks).to.equal(3));
    on.clock.advance("1h");
    expect(on.upstream.datagrams).to.deep.equal([]);
    await on.apply();
    await eventually(() => expect(on.upstream.datagrams.map(String)).to.deep.equal(["", "some", ""]));
  });

  it("corrupt: a rate too small for any byte changes none", async () => {
    const on = cleanup.keep(await stage(corrupt({ rate: 1e-17 })));
    await on.client.send("12345");
    expect(String(await on.client.receive())).to.equal("12345");
  });

  it("limitData, reset, refuse and script end flows", async () => {
    for (const plugin of [
      limitData({ bytes: 5, direction: "fromClient" }),
      reset({ bytes: 5, direction: "fromClient" }),
      script([{ reset: { bytes: 5, direction: "fromClient" } }, "pass"]),
    ]) {
      const on = cleanup.keep(await stage(plugin));
      await on.client.send("123");
      expect(String(await on.client.receive())).to.equal("123");
      await on.client.send("456");
      expect((await on.proxy.nextRecord()).reason, plugin.id).to.equal("SLUICE_FAULT");
      expect(on.upstream.datagrams.map(String), plugin.id).to.deep.equal(["123"]);
    }
    const on = cleanup.keep(await stage(refuse({ first: 1 })));
    await on.client.send("refused");
    expect((await on.proxy.nextRecord()).reason).to.equal("SLUICE_FAULT");
    await on.client.send("served");
    expect(String(await on.client.receive())).to.equal("served");
  });
});

describe("faults in positions without effect", () => {
  const refusal = (listen: string, ...plugins: readonly PluginUse[]): Promise<unknown> =>
    refusalOf(startProxy({ listen, upstream: "127.0.0.1:9", plugins }));

  for (const [name, use] of Object.entries({ slicer: slicer({ size: 5 }), slowClose: slowClose({ delay: 5 }) })) {
    it(`${name}() on udp is refused by the config`, async () => {
      const error = await refusal("udp://127.0.0.1:0", use);
      expect(SluiceError.is(error) && error.code).to.equal("SLUICE_CONFIG_INVALID");
      expect(String(error)).to.include("listeners.main.plugins[0]").and.to.include(`${name}() on a tcp, tls or unix listener`);
    });
  }

  for (const [name, use] of Object.entries({
    loss: loss({ rate: 0.1 }),
    duplicate: duplicate({ rate: 0.1 }),
    reorder: reorder({ rate: 0.1 }),
    truncate: truncate({ rate: 0.1, to: 5 }),
  })) {
    for (const listen of ["tcp://127.0.0.1:0", "tls://127.0.0.1:0", `unix:///tmp/sluice-faults-${process.pid}-${name}.sock`]) {
      it(`${name}() on ${listen.slice(0, 4)} is refused by the config`, async () => {
        const error = await refusal(listen, use);
        expect(SluiceError.is(error) && error.code).to.equal("SLUICE_CONFIG_INVALID");
        expect(String(error)).to.include(`${name}() on a udp listener`);
      });
    }
  }

  it("a step of a script is refused by the config too", async () => {
    expect(String(await refusal("tcp://127.0.0.1:0", script(["pass", { loss: { rate: 1 } }])))).to.include("loss() on a udp listener");
  });

  const wrong: readonly (readonly [string, PluginUse])[] = [
    ["expected either bytes or after", faults.reset({})],
    ["expected either bytes or after", faults.reset({ bytes: 1, after: 1 })],
    ["expected either first or rate", refuse({})],
    ["expected less than size", slicer({ size: 5, variation: 5 })],
    ["expected a longer burst", loss({ rate: 0.9, burst: 2 })],
    ["share", latency({ delay: 1, share: 2 })],
    ["did you mean", latency({ dealy: 1 } as never)],
    ["delay", latency({ delay: "soon" })],
    ["steps", script([])],
    ["share or seed here: they are options of script()", script([{ latency: { delay: 1, share: 0.5 } }])],
    ["share or seed here: they are options of script()", script([{ loss: { rate: 0.5, seed: 1 } }])],
  ];
  for (const [words, use] of wrong) {
    it(`${use.id}(${JSON.stringify(use.options)}) is refused: ${words}`, async () => {
      expect(String(await refusal("udp://127.0.0.1:0", use))).to.include(words);
    });
  }
});
