import { expect } from "chai";
import { CLOCK, type PluginUse } from "sluice";
import { tlsTermination } from "sluice/plugins";
import {
  bandwidth,
  blackhole,
  corrupt,
  latency,
  limitData,
  refuse,
  reset,
  script,
  slicer,
  slowClose,
  slowOpen,
  timeout,
} from "sluice/faults";
import { startProxy, startUpstream, virtualClock, type TestProxy, type TestUpstream, type VirtualClock } from "sluice/testing";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireIpv6 } from "../support/require-ipv6.ts";

const cleanup = createCleanup();

interface Stage extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly proxy: TestProxy;
  readonly upstream: TestUpstream;
  apply(...plugins: readonly PluginUse[]): Promise<unknown>;
}

interface Kind {
  readonly name: string;
  readonly listen: () => string;
  readonly plugins: readonly PluginUse[];
  readonly upstream: "tcp" | "tls" | "unix";
  /** A unix socket knows no reset. */
  readonly reset: "reset" | "fin";
}

let sockets = 0;
const socketPath = (): string => join(tmpdir(), `sluice-faults-${process.pid}-${(sockets += 1)}.sock`);
const terminated = tlsTermination({ selfSigned: ["localhost"], ca: false });

const kinds: readonly Kind[] = [
  { name: "tcp", listen: () => "tcp://127.0.0.1:0", plugins: [], upstream: "tcp", reset: "reset" },
  { name: "tcp over IPv6", listen: () => "tcp://[::1]:0", plugins: [], upstream: "tcp", reset: "reset" },
  { name: "tls, terminated", listen: () => "tls://127.0.0.1:0", plugins: [terminated], upstream: "tcp", reset: "reset" },
  { name: "unix", listen: () => `unix://${socketPath()}`, plugins: [], upstream: "unix", reset: "fin" },
];

async function stage(kind: Kind, plugins: readonly PluginUse[], behaviour: "echo" | "discard" = "echo"): Promise<Stage> {
  const clock = virtualClock();
  const upstream = await startUpstream(behaviour, { transport: kind.upstream });
  const listen = kind.listen();
  const config = (faults: readonly PluginUse[]) => ({
    listen,
    upstream: upstream.address,
    plugins: [...kind.plugins, ...faults],
    providers: [{ token: CLOCK, useValue: clock }],
  });
  const proxy = await startProxy(config(plugins));
  return {
    clock,
    proxy,
    upstream,
    apply: (...faults) => proxy.apply(config(faults)),
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await upstream.close();
    },
  };
}

for (const kind of kinds) {
  describe(`faults on ${kind.name}`, () => {
    before(function () {
      if (kind.listen().includes("[::1]")) requireIpv6(this);
    });
    afterEach(() => cleanup.run());

    it("latency: bytes are late by the delay of their direction, and never earlier", async () => {
      const on = cleanup.keep(await stage(kind, [latency({ delay: "100ms" })]));
      const client = await on.proxy.connect();
      await client.write("ping");
      await eventually(() => expect(on.clock.pending).to.equal(1));
      on.clock.advance("99ms");
      expect(String(on.upstream.received)).to.equal("");
      on.clock.advance("1ms");
      await eventually(() => expect(String(on.upstream.received)).to.equal("ping"));
      await eventually(() => expect(on.clock.pending).to.equal(1));
      on.clock.advance("100ms");
      expect(String(await client.read(4))).to.equal("ping");
    });

    it("latency: when it is disabled, changed or removed in the middle, held bytes are sent on in order", async () => {
      const on = cleanup.keep(await stage(kind, [latency({ delay: "1h", direction: "fromClient" })]));
      const client = await on.proxy.connect();
      await client.write("one ");
      await eventually(() => expect(on.clock.pending).to.equal(1));
      await on.apply(latency({ delay: "2h", direction: "fromClient" }));
      await client.write("two ");
      await eventually(() => expect(on.clock.pending).to.equal(1));
      await on.apply(latency({ delay: "2h", direction: "fromClient", enabled: false }));
      await client.write("three ");
      await on.apply(latency({ delay: "3h", direction: "fromClient" }));
      await eventually(() => expect(String(on.upstream.received)).to.equal("one two three "));
      client.end("four");
      await eventually(() => expect(on.clock.pending).to.equal(1));
      await on.apply();
      expect(String(await client.readAll())).to.equal("one two three four");
      expect((await on.proxy.nextRecord()).reason).to.equal("closed");
    });

    it("limitData: the given number of bytes passes, and both sides see the end", async () => {
      const on = cleanup.keep(await stage(kind, [limitData({ bytes: 5, direction: "fromUpstream" })]));
      const client = await on.proxy.connect();
      await client.write("0123456789");
      expect(String(await client.readAll())).to.equal("01234");
      expect((await on.proxy.nextRecord()).reason).to.equal("SLUICE_FAULT");
      expect(String(on.upstream.received)).to.equal("0123456789");
    });

    it("limitData behind latency: the bytes that passed come late, but they come", async () => {
      const on = cleanup.keep(
        await stage(kind, [latency({ delay: "1s", direction: "fromUpstream" }), limitData({ bytes: 5, direction: "fromUpstream" })]),
      );
      const client = await on.proxy.connect();
      await client.write("0123456789");
      await eventually(() => expect(on.clock.pending).to.equal(1));
      on.clock.advance("1s");
      expect(String(await client.readAll())).to.equal("01234");
      expect((await on.proxy.nextRecord()).reason).to.equal("SLUICE_FAULT");
    });

    it("limitData counts over reloads", async () => {
      const on = cleanup.keep(await stage(kind, [limitData({ bytes: 6, direction: "fromClient" })]));
      const client = await on.proxy.connect();
      await client.write("012");
      await client.read(3);
      await on.apply(limitData({ bytes: 5, direction: "fromClient" }));
      await client.write("345");
      await client.readAll();
      expect(String(on.upstream.received)).to.equal("01234");
    });

    it("reset: the given number of bytes is delivered, then both sides see a reset", async () => {
      const on = cleanup.keep(await stage(kind, [reset({ bytes: 1024, direction: "fromUpstream" })]));
      const client = await on.proxy.connect();
      await client.write(Buffer.alloc(4096, "x"));
      expect(await client.read(1024)).to.have.lengthOf(1024);
      expect(await client.ended).to.equal(kind.reset);
      expect((await on.proxy.nextRecord()).reason).to.equal("SLUICE_FAULT");
    });

    it("reset: once after the given time, whatever is reloaded meanwhile", async () => {
      const on = cleanup.keep(await stage(kind, [reset({ after: "10s" })]));
      const client = await on.proxy.connect();
      await client.write("a");
      await client.read(1);
      on.clock.advance("6s");
      await on.apply(latency({ delay: 0 }), reset({ after: "10s" }));
      on.clock.advance("3999ms");
      await client.write("b");
      await client.read(1);
      on.clock.advance("1ms");
      expect(await client.ended).to.equal(kind.reset);
      expect((await on.proxy.nextRecord()).reason).to.equal("SLUICE_FAULT");
    });

    it("timeout: the data stops, then the end comes", async () => {
      const on = cleanup.keep(await stage(kind, [timeout({ after: "5s" })]));
      const client = await on.proxy.connect();
      await client.write("lost");
      await eventually(() => expect(on.clock.pending).to.equal(2));
      on.clock.advance("5s");
      expect(await client.readAll()).to.have.lengthOf(0);
      expect(String(on.upstream.received)).to.equal("");
      expect((await on.proxy.nextRecord()).reason).to.equal("SLUICE_FAULT");
    });

    it("blackhole: nothing passes, not even the end, and held bytes are sent on when it is removed", async () => {
      const on = cleanup.keep(await stage(kind, [blackhole({ direction: "fromClient" })]));
      const client = await on.proxy.connect();
      client.end("held");
      await eventually(() => expect([...on.proxy.proxy.sessions][0]?.fromClient.bytes).to.equal(4));
      expect(String(on.upstream.received)).to.equal("");
      await on.apply();
      expect(String(await client.readAll())).to.equal("held");
    });

    it("slowClose: the bytes come at once, the end comes later", async () => {
      const on = cleanup.keep(await stage(kind, [slowClose({ delay: "2s", direction: "fromUpstream" })]));
      const client = await on.proxy.connect();
      client.end("bytes");
      expect(String(await client.read(5))).to.equal("bytes");
      await eventually(() => expect(on.clock.pending).to.equal(1));
      on.clock.advance("1999ms");
      expect(on.proxy.records).to.have.lengthOf(0);
      on.clock.advance("1ms");
      expect(await client.readAll()).to.have.lengthOf(0);
      expect((await on.proxy.nextRecord()).reason).to.equal("closed");
    });

    it("bandwidth: the given number of bytes per second, in order", async () => {
      const on = cleanup.keep(await stage(kind, [bandwidth({ rate: "10KiB/s", direction: "fromClient" })]));
      const client = await on.proxy.connect();
      const sent = Buffer.from(Array.from({ length: 10 * 1024 }, (_, at) => at % 251));
      await client.write(sent);
      await eventually(() => expect(on.clock.pending).to.equal(1));
      for (let passed = 0; passed < 500; passed += 100) on.clock.advance("100ms");
      await eventually(() => expect(on.upstream.received.length).to.be.within(4 * 1024, 6 * 1024));
      on.clock.advance("10s");
      expect((await client.read(sent.length)).equals(sent)).to.equal(true);
    });

    it("slicer and corrupt: every byte comes, and the seed decides which are changed", async () => {
      const faults = [slicer({ size: 10, variation: 5, seed: 1 }), corrupt({ rate: 0.01, seed: 7, direction: "fromClient" })];
      const run = async (): Promise<Buffer> => {
        const on = cleanup.keep(await stage(kind, faults));
        const client = await on.proxy.connect();
        await client.write(Buffer.alloc(10_000));
        return client.read(10_000);
      };
      const [one, two] = [await run(), await run()];
      expect(one.equals(two)).to.equal(true);
      expect(one.filter((byte) => byte !== 0).length).to.be.within(50, 200);
    });

    it("refuse: the first sessions are refused, and their upstream is not contacted", async () => {
      const on = cleanup.keep(await stage(kind, [refuse({ first: 2 })]));
      for (let turn = 0; turn < 2; turn += 1) {
        const client = await on.proxy.connect();
        expect(await client.ended).to.equal("fin");
        expect((await on.proxy.nextRecord()).reason).to.equal("SLUICE_FAULT");
      }
      expect(on.upstream.connections).to.equal(0);
      const client = await on.proxy.connect();
      await client.write("served");
      expect(String(await client.read(6))).to.equal("served");
    });

    it("slowOpen: the upstream is contacted later", async () => {
      const on = cleanup.keep(await stage(kind, [slowOpen({ delay: "1s" })]));
      const client = await on.proxy.connect();
      await client.write("patient");
      await eventually(() => expect(on.clock.pending).to.equal(1));
      expect(on.upstream.connections).to.equal(0);
      on.clock.advance("1s");
      expect(String(await client.read(7))).to.equal("patient");
    });

    it("script: each session gets the next step, and the last step stays", async () => {
      const steps = [{ refuse: 1 }, { reset: { bytes: 3, direction: "fromUpstream" } }, "pass"] as const;
      const on = cleanup.keep(await stage(kind, [script(steps)]));
      const first = await on.proxy.connect();
      expect(await first.ended).to.equal("fin");
      const second = await on.proxy.connect();
      await second.write("abcdef");
      expect(String(await second.read(3))).to.equal("abc");
      expect(await second.ended).to.equal(kind.reset);
      for (let turn = 0; turn < 2; turn += 1) {
        const client = await on.proxy.connect();
        await client.write("through");
        expect(String(await client.read(7))).to.equal("through");
      }
    });

    it("share: the same seed chooses the same sessions", async () => {
      const run = async (): Promise<string> => {
        const on = cleanup.keep(await stage(kind, [refuse({ rate: 1, share: 0.5, seed: "dice" })]));
        let outcome = "";
        for (let turn = 0; turn < 12; turn += 1) {
          const client = await on.proxy.connect();
          client.end("x");
          outcome += (await on.proxy.nextRecord()).reason === "SLUICE_FAULT" ? "r" : ".";
          expect(await client.ended).to.equal("fin");
        }
        return outcome;
      };
      const outcome = await run();
      expect(outcome).to.match(/r/).and.to.match(/\./);
      expect(await run()).to.equal(outcome);
    });
  });
}
