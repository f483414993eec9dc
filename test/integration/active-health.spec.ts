import { expect } from "chai";
import type { Socket } from "node:net";
import { asyncScheduler } from "rxjs";
import { CLOCK, type SluiceConfig, type UpstreamOptions } from "sluice";
import { http } from "sluice/plugins";
import { startUpstream, type TestUpstream, type UpstreamKind } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { down, quick, serveStatus, stateOf, up, web } from "../support/health-checks.ts";
import { ask } from "../support/http-client.ts";
import { connect, freePort, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { plugin, startProxy, type TestProxy } from "../support/with-proxy.ts";

describe("The health checks of endpoints", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(config: SluiceConfig): Promise<TestProxy> {
    return cleanup.keep(await startProxy(config));
  }
  async function serve(behave: UpstreamKind | ((socket: Socket) => void), port = 0): Promise<TestUpstream> {
    return cleanup.keep(await startUpstream(behave, { port }));
  }
  const numbered = (name: string) => (socket: Socket) => {
    socket.write(name);
    socket.resume().on("end", () => socket.end());
  };
  async function greeting(started: TestProxy): Promise<string> {
    const socket = cleanup.keep(await connect(started.port()));
    return String(await readBytes(socket, 1));
  }

  it("eject an endpoint that refuses, with the reason and the time, and use it again when it is back", async () => {
    const port = await freePort();
    const endpoint = `127.0.0.1:${port}`;
    const other = await serve(numbered("b"));
    const started = await start(web({ endpoints: [endpoint, other.endpoint], health: { check: "tcp", ...quick } }));
    const { why, code, since, until, failures } = await down(started, endpoint);
    expect({ why, code, until, failures }).to.deep.equal({ why: "check", code: "SLUICE_UPSTREAM_REFUSED", until: undefined, failures: 0 });
    expect(since).to.be.within(Date.now() - 5_000, Date.now());
    expect(stateOf(started, endpoint)).to.include({ state: "down", why: "check", since });
    expect([await greeting(started), await greeting(started)].join("")).to.equal("bb");
    await serve(numbered("a"), port);
    expect(await up(started, endpoint)).to.include({ why: "check", since });
    expect(stateOf(started, endpoint)).to.include({ state: "up" });
    expect([await greeting(started), await greeting(started)].toSorted().join("")).to.equal("ab");
  });

  it("use endpoints that are down when there is no other, and say so in the records", async () => {
    const upstream = await serve(numbered("x"));
    const check = { send: "ping", expect: "never" } as const;
    const started = await start(web({ endpoints: [upstream.endpoint], health: { check, ...quick, timeout: "50ms" } }));
    expect((await down(started, upstream.endpoint)).code).to.equal("SLUICE_UPSTREAM_TIMEOUT");
    expect(stateOf(started, upstream.endpoint)?.detail).to.contain("took longer than 50 ms");
    const socket = await connect(started.port());
    await readBytes(socket, 1);
    socket.destroy();
    expect((await started.ended()).panic).to.equal(true);
    expect(started.all("warning").filter(({ message }) => message.includes("all of them are used"))).to.have.length(1);
  });

  it("keep their results over reloads, also of their options, and stop when they are removed", async () => {
    const port = await freePort();
    const endpoint = `127.0.0.1:${port}`;
    const other = await serve(numbered("b"));
    const of = (health?: UpstreamOptions["health"]): SluiceConfig =>
      web({ endpoints: [endpoint, other.endpoint], ...(health === undefined ? {} : { health }) });
    const started = await start(of({ check: "tcp", ...quick }));
    await down(started, endpoint);
    await started.proxy.apply(of({ check: "tcp", ...quick, fall: 50, interval: "30ms" }));
    expect(stateOf(started, endpoint)?.state).to.equal("down");
    expect(await greeting(started)).to.equal("b");
    await started.proxy.apply(of());
    expect(stateOf(started, endpoint)?.state).to.equal("up");
    const before = other.connections;
    await started.proxy.apply(of({ check: "tcp", ...quick }));
    await eventually(() => expect(other.connections).to.be.greaterThan(before + 1));
    expect(started.all("endpoint-up")).to.have.length(1);
  });

  it("end an ejection when a check passes", async () => {
    const mode = { resets: true };
    const flaky = await serve((socket) => {
      if (mode.resets) socket.once("data", () => socket.resetAndDestroy());
      else socket.pipe(socket);
    });
    const other = await serve("echo");
    const health = { check: { send: "x", expect: "x" }, ...quick, interval: "50ms", fall: 1_000 } as const;
    let ahead = 0;
    const useValue = Object.assign(Object.create(asyncScheduler) as object, { now: () => Date.now() + ahead });
    const endpoints = [flaky.endpoint, other.endpoint];
    const config = web({ endpoints, balance: (candidates) => candidates[0] as never, health });
    const started = await start({ ...config, providers: [{ token: CLOCK, useValue }] });
    const fail = async (): Promise<void> => {
      const socket = await connect(started.port());
      socket.on("data", () => socket.destroy());
      socket.write("x");
      await new Promise((resolve) => socket.once("close", resolve));
      // It is not tried last any more.
      ahead += 1_100;
    };
    for (let time = 0; time < 30 && started.all("endpoint-down").length === 0; time += 1) await fail();
    const event = await down(started, flaky.endpoint);
    expect(event.why).to.equal("failures");
    expect(event.until).to.be.greaterThan(Date.now() + 20_000);
    mode.resets = false;
    expect((await up(started, flaky.endpoint)).why).to.equal("failures");
  });

  it("with onDown: close end the sessions at an endpoint that goes down, over TCP and UDP; otherwise keep them", async () => {
    const mode = { answers: true };
    const upstream = await serve((socket) => {
      socket.on("data", (data) => {
        if (String(data) !== "check" || mode.answers) socket.write(data);
      });
    });
    const udp = cleanup.keep(await bindUdp());
    udp.on("message", (datagram, { port }) => {
      if (String(datagram) !== "check" || mode.answers) udp.send(datagram, port, "127.0.0.1");
    });
    const health = { check: { send: "check", expect: "check" }, ...quick, timeout: "200ms" } as const;
    const udpEndpoint = `127.0.0.1:${udp.address().port}`;
    const of = (listen: string, endpoint: string, onDown: "keep" | "close") => ({
      listen,
      upstream: { endpoints: [endpoint], health, onDown },
    });
    const started = await start({
      listeners: {
        keep: of("tcp://127.0.0.1:0", upstream.endpoint, "keep"),
        close: of("tcp://127.0.0.1:0", upstream.endpoint, "close"),
        udp: of("udp://127.0.0.1:0", udpEndpoint, "close"),
      },
    });
    const [kept, closed] = await Promise.all([connect(started.port("keep")), connect(started.port("close"))]);
    for (const socket of [kept, closed]) {
      socket.write("x");
      await readBytes(socket, 1);
    }
    const client = await startUdpClient(cleanup, started.port("udp"));
    await client.ask("x");
    mode.answers = false;
    await eventually(() => {
      const ended = started.all("session-ended").map(({ record }) => `${record.listener} ${record.reason}`);
      expect(ended.toSorted()).to.deep.equal(["close SLUICE_UPSTREAM_DOWN", "udp SLUICE_UPSTREAM_DOWN"]);
    });
    await eventually(() => expect(started.all("endpoint-down")).to.have.length(3));
    kept.write("y");
    expect(String(await readBytes(kept, 1))).to.equal("y");
    kept.destroy();
  });

  it("also check endpoints that plugins use, given by option or at run time", async () => {
    const [routed, elsewhere] = [await serve("refuse"), await serve("refuse")];
    const target = { endpoints: [routed.endpoint], health: { check: "tcp", ...quick } } as const;
    const sends = plugin("sends", {
      admit: (arrival, session) => {
        session.retarget({ endpoints: [elsewhere.endpoint], health: { check: "tcp", ...quick } });
        return arrival;
      },
    });
    const started = await start({
      listeners: {
        web: { listen: "tcp://127.0.0.1:0", plugins: [http({ routes: [{ upstream: target }] })] },
        plain: { listen: "tcp://127.0.0.1:0", upstream: routed.endpoint, plugins: [sends] },
      },
    });
    expect((await down(started, routed.endpoint)).listener).to.equal("web");
    const socket = await connect(started.port("plain"));
    socket.on("error", () => undefined).resume();
    expect((await down(started, elsewhere.endpoint)).listener).to.equal("plain");
  });

  it("send HTTP requests to other endpoints when one is down, before a request has failed there", async () => {
    const [good, bad] = [await serveStatus(cleanup), await serveStatus(cleanup)];
    bad.status = 500;
    const endpoints = [good.endpoint, bad.endpoint];
    const started = await start(web({ endpoints, health: { check: { http: "/" }, ...quick } }, [http()]));
    await down(started, bad.endpoint);
    for (let time = 0; time < 4; time += 1) expect((await ask(started.port())).status).to.equal(204);
  });

  it("leave nothing behind when the proxy is closed", async () => {
    const upstream = await serve("hang");
    const started = await startProxy(web({ endpoints: [upstream.endpoint], health: { check: { expect: "x" }, ...quick } }));
    await eventually(() => expect(upstream.sockets.size).to.equal(1));
    await started.proxy.close();
    await eventually(() => expect(upstream.sockets.size).to.equal(0));
    const count = upstream.connections;
    await connect(upstream.port).then((socket) => void socket.destroy());
    expect(upstream.connections).to.equal(count + 1);
  });
});
