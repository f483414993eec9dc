import { expect } from "chai";
import { concatMap, filter } from "rxjs";
import { CLOCK, definePlugin, type PluginUse } from "sluice";
import { latency } from "sluice/faults";
import { each } from "sluice/flow";
import { startProxy, startUpstream, virtualClock } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";

const cleanup = createCleanup();

/** A datagram that waits counts as its bytes and 256. */
const MOST = (16 * 1024) / 256;

describe("datagrams that wait in a plugin", () => {
  afterEach(() => cleanup.run());

  let door = Promise.resolve();
  const waits = each(async (datagram: Buffer) => {
    await door;
    return datagram;
  });
  const kinds: Readonly<Record<string, () => PluginUse>> = {
    "for a promise": definePlugin("gate", () => ({ fromClient: (data) => data.pipe(waits) })),
    "for a promise, among plain operators": definePlugin("gate", () => ({
      fromClient: (data) =>
        data.pipe(
          filter(() => true),
          waits,
        ),
    })),
    "in an operator of RxJS": definePlugin("gate", () => ({
      fromClient: (data) => data.pipe(concatMap(async (datagram) => (await door, datagram))),
    })),
    "for a time": () => latency({ delay: "1h", direction: "fromClient" }),
  };

  for (const [what, use] of Object.entries(kinds))
    for (const size of [0, 1])
      it(`${what} are bounded, with ${size} bytes each`, async () => {
        let open = (): void => undefined;
        door = new Promise((resolve) => (open = resolve));
        const clock = virtualClock();
        const upstream = cleanup.keep(await startUpstream("discard", { transport: "udp" }));
        const proxy = cleanup.keep(
          await startProxy({
            listen: "udp://127.0.0.1:0",
            upstream: upstream.address,
            plugins: [use()],
            limits: { bufferPerFlow: "16KiB" },
            providers: [{ token: CLOCK, useValue: clock }],
          }),
        );
        const client = await proxy.connect();
        for (let sent = 1; sent <= 3 * MOST; sent += 1) {
          await client.send(Buffer.alloc(size));
          if (sent % MOST === 0) await eventually(() => expect([...proxy.proxy.sessions][0]?.fromClient.chunks).to.equal(sent));
        }
        open();
        clock.advance("1h");
        await proxy.apply({ listen: "udp://127.0.0.1:0", upstream: upstream.address });
        await client.send("last");
        await eventually(() => expect(String(upstream.datagrams.at(-1))).to.equal("last"));
        expect(upstream.datagrams.length).to.be.within(MOST / 2, MOST + 4);
      });
});
