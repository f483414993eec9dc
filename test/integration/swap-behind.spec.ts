import { expect } from "chai";
import type { Socket } from "node:net";
import type { FunctionPlugin, PluginUse, UseOptions } from "sluice";
import { each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { exchange } from "../support/exchange.ts";
import { startForward, type Forward } from "../support/forward.ts";
import { connect } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const marked = (mark: string): FunctionPlugin => ({
  fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([chunk, Buffer.from(mark)]))),
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
      expect(started.all("plugin-fault")).to.have.length(1);
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

async function connected(started: Forward): Promise<Socket> {
  const client = await connect(started.port());
  cleanup.add(() => void client.destroy());
  return client;
}
