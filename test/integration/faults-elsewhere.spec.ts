import { expect } from "chai";
import { CLOCK } from "sluice";
import { latency, limitData, network, reset } from "sluice/faults";
import { http } from "sluice/plugins";
import { startProxy, startUpstream, virtualClock } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { refusalOf } from "../support/rejection.ts";

const cleanup = createCleanup();

describe("faults in other positions", () => {
  afterEach(() => cleanup.run());

  it("presets are arrays, and plugins takes arrays inside arrays", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const clock = virtualClock();
    const plugins = [[network("3g"), [limitData({ bytes: 5, direction: "fromUpstream" })]]];
    const config = { upstream: upstream.address, plugins, providers: [{ token: CLOCK, useValue: clock }] };
    const proxy = cleanup.keep(await startProxy(config));
    const client = await proxy.connect();
    await client.write("preset");
    await eventually(() => {
      clock.advance("1s");
      expect(proxy.records).to.have.lengthOf(1);
    });
    expect(String(await client.readAll())).to.equal("prese");
  });

  it("an entry of an inner array that is not a plugin use is refused with its path", async () => {
    const error = await refusalOf(startProxy({ upstream: "127.0.0.1:9", plugins: [[latency({ delay: 1 }), [5 as never]]] }));
    expect(String(error)).to.include("listeners.main.plugins[0][1][0]: expected a plugin use");
    const wrong = await refusalOf(startProxy({ upstream: "127.0.0.1:9", plugins: [[latency({ delay: "soon" })]] }));
    expect(String(wrong)).to.include("listeners.main.plugins[0][0].delay");
  });

  it("in front of http(): an answer is cut, and a client sees the reset", async () => {
    const upstream = cleanup.keep(await startUpstream("http"));
    const plugins = [reset({ bytes: 20, direction: "fromUpstream" }), http()];
    const proxy = cleanup.keep(await startProxy({ upstream: upstream.address, plugins }));
    const client = await proxy.connect();
    await client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(String(await client.read(20))).to.match(/^HTTP\/1\.1 200/);
    expect(await client.ended).to.equal("reset");
    expect((await proxy.nextRecord()).reason).to.equal("SLUICE_FAULT");
  });

  it("on TLS that passes through: the encrypted bytes are late", async () => {
    const upstream = cleanup.keep(await startUpstream("echo", { transport: "tls" }));
    const clock = virtualClock();
    const plugins = [latency({ delay: "1s", direction: "fromUpstream" })];
    const providers = [{ token: CLOCK, useValue: clock }];
    const proxy = cleanup.keep(await startProxy({ listen: "tls://127.0.0.1:0", upstream: upstream.endpoint, plugins, providers }));
    const connecting = proxy.connect();
    await eventually(() => expect(clock.pending).to.be.greaterThan(0));
    const ticking = setInterval(() => {
      clock.advance("1s");
    }, 5);
    cleanup.add(() => {
      clearInterval(ticking);
    });
    const client = await connecting;
    await client.write("through");
    expect(String(await client.read(7))).to.equal("through");
  });

  it("onError: bypass does not change this", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const plugins = [limitData({ bytes: 3, direction: "fromUpstream", onError: "bypass" })];
    const proxy = cleanup.keep(await startProxy({ upstream: upstream.address, plugins }));
    const client = await proxy.connect();
    await client.write("abcdef");
    expect(String(await client.readAll())).to.equal("abc");
    expect((await proxy.nextRecord()).reason).to.equal("SLUICE_FAULT");
  });
});
