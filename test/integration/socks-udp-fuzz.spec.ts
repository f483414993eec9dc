import { expect } from "chai";
import { socks5 } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { connect, readAll } from "../support/sockets.ts";
import { associate, openUdp, socksDatagram, startShouting } from "../support/socks-udp-client.ts";
import { startProxy } from "../support/with-proxy.ts";

const seed = Number(process.env["SLUICE_CHAOS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** A generator of numbers from 0 to 1 that a seed starts (mulberry32). */
function numbers(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe(`Datagrams of SOCKS5, fuzzed [seed ${seed}; SLUICE_CHAOS_SEED=${seed} repeats it]`, function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("that are cut, changed or invented reach only allowed targets, and the association serves valid ones to the end", async () => {
    const next = numbers(seed);
    const server = await startShouting(cleanup);
    const { proxy, port, ended, all } = await startProxy({
      listeners: { socks: { listen: "tcp://127.0.0.1:0", plugins: [socks5({ allow: [`127.0.0.1:${server.port}`] })] } },
    });
    cleanup.add(() => proxy.close());
    const control = cleanup.keep(await connect(port()));
    const relay = await associate(control);
    const client = await openUdp(cleanup);
    const good = socksDatagram("127.0.0.1", server.port, "good");
    const wrongs = (at: number): Buffer[] => {
      const changed = Buffer.from(good);
      changed[at] = Math.floor(next() * 256);
      const made = Buffer.from(Array.from({ length: Math.floor(next() * 40) }, () => Math.floor(next() * 256)));
      return [good.subarray(0, at), changed, made];
    };
    for (let round = 0; round < 20; round += 1) {
      for (let at = 0; at < good.length; at += 1) for (const wrong of wrongs(at)) client.send(wrong, relay);
      client.send(socksDatagram("127.0.0.1", server.port, `round ${round}`), relay);
      for (let told = ""; told !== `ROUND ${round}`;) {
        const { data } = await client.next();
        // Whatever answers, it is the one that may.
        expect(data.subarray(0, 10).equals(good.subarray(0, 10)), data.toString("hex")).to.equal(true);
        told = String(data.subarray(10));
      }
    }
    control.end();
    await readAll(control);
    const { reason, relay: record } = await ended();
    expect(reason).to.equal("closed");
    expect(Object.values(record?.dropped ?? {}).reduce((sum, each) => sum + each, 0)).to.be.above(100);
    expect(all("plugin-fault")).to.deep.equal([]);
  });
});
