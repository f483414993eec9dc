import { expect } from "chai";
import type { SluiceConfig, UpstreamConfig } from "sluice";
import { http, retry, tlsTermination } from "sluice/plugins";
import { connect as dial } from "node:net";
import { connect as connectTls } from "node:tls";
import { startUpstream, type TestUpstream } from "sluice/testing";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { plugin, startProxy, type TestProxy } from "../support/with-proxy.ts";

describe("Sessions to several endpoints", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const web = (upstream: UpstreamConfig, plugins: SluiceConfig["plugins"] = [], scheme = "tcp"): SluiceConfig => ({
    listeners: { web: { listen: `${scheme}://127.0.0.1:0`, upstream, plugins } },
  });
  async function start(config: SluiceConfig): Promise<TestProxy> {
    return cleanup.keep(await startProxy(config));
  }
  /** Upstreams that say their number. */
  async function numbered(count: number): Promise<TestUpstream[]> {
    const all = await Promise.all(
      Array.from({ length: count }, (_, at) =>
        startUpstream((socket) => {
          socket.write(String(at + 1));
          socket.resume().on("end", () => socket.end());
        }),
      ),
    );
    for (const each of all) cleanup.add(() => each.close());
    return all;
  }
  /** Which upstreams so many sessions reach, one after the other, from addresses of their own where `from` gives them. */
  async function reached(started: TestProxy, count: number, from?: (at: number) => string): Promise<string> {
    const found: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const socket = dial({ host: "127.0.0.1", port: started.port(), localAddress: from?.(at) });
      cleanup.add(() => void socket.destroy());
      found.push(String(await readBytes(socket, 1)));
      socket.destroy();
    }
    return found.join("");
  }

  it("are distributed by weight", async () => {
    const [one, two] = await numbered(2);
    const endpoints = [{ address: one?.endpoint ?? "", weight: 3 }, two?.endpoint ?? ""];
    expect(await reached(await start(web({ endpoints })), 8)).to.equal("11211121");
  });

  it("follow new weights after a reload, without a loss of open sessions", async () => {
    const [one, two] = await numbered(2);
    const of = (weight: number): SluiceConfig =>
      web({ endpoints: [{ address: one?.endpoint ?? "", weight }, { address: two?.endpoint ?? "" }] });
    const started = await start(of(1));
    const open = await connect(started.port());
    await readBytes(open, 1);
    await started.proxy.apply(of(0));
    expect(await reached(started, 4)).to.equal("2222");
    expect(started.proxy.sessions.size).to.be.at.least(1);
    open.destroy();
  });

  it("are distributed by a hash of the client's address, each client always to the same endpoint", async () => {
    const three = await numbered(3);
    const started = await start(web({ endpoints: three.map(({ endpoint }) => endpoint), balance: "hash" }));
    const from = (at: number): string => `127.0.0.${(at % 12) + 2}`;
    const first = await reached(started, 12, from);
    expect(new Set(first).size).to.be.greaterThan(1);
    expect(await reached(started, 12, from)).to.equal(first);
  });

  it("are distributed by a hash of the server name, for a client with terminated TLS", async () => {
    const three = await numbered(3);
    const upstream = { endpoints: three.map(({ endpoint }) => endpoint), balance: "hash", hash: "server-name" } as const;
    const started = await start(web(upstream, [tlsTermination({ selfSigned: ["a.test", "b.test"], ca: false })], "tls"));
    const greeting = async (servername: string): Promise<string> => {
      const socket = cleanup.keep(connectTls({ host: "127.0.0.1", port: started.port(), servername, rejectUnauthorized: false }));
      await eventOf(socket, "secureConnect");
      return String(await readBytes(socket, 1));
    };
    const names = Array.from({ length: 8 }, (_, at) => `host-${at}.test`);
    const first = await Promise.all(names.map(greeting));
    expect(new Set(first).size).to.be.greaterThan(1);
    expect(await Promise.all(names.map(greeting))).to.deep.equal(first);
  });

  it("are distributed by a function, and a failure of the function ends only the session for which it was called", async () => {
    const [one, two] = await numbered(2);
    const endpoints = [one?.endpoint ?? "", two?.endpoint ?? ""];
    let mode = "second";
    const started = await start(
      web({
        endpoints,
        balance: (candidates) => {
          if (mode === "throws") throw new Error("my mistake");
          return mode === "rubbish" ? ("x" as never) : (candidates[1] as never);
        },
      }),
    );
    expect(await reached(started, 3)).to.equal("222");
    const open = await connect(started.port());
    await readBytes(open, 1);
    for (mode of ["throws", "rubbish"]) {
      const socket = await connect(started.port());
      socket.resume();
      await eventOf(socket, "end");
    }
    mode = "second";
    expect(await reached(started, 1)).to.equal("2");
    open.destroy();
    await eventually(() =>
      expect(started.all("session-ended").filter(({ record }) => record.reason === "SLUICE_BALANCE_FAILED").length).to.equal(2),
    );
    expect(started.all("warning").map(({ message }) => message.split(" (")[0])).to.deep.equal([
      "the upstream's balance function threw: my mistake",
      "the upstream's balance function returned something that is none of the candidates",
    ]);
    expect(started.all("endpoint-down")).to.deep.equal([]);
  });

  it("reach a backup when all other endpoints are down, and at once with retry", async () => {
    const dead = await startUpstream("refuse");
    cleanup.add(() => dead.close());
    const [backup] = await numbered(1);
    const endpoints = [dead.endpoint, { address: backup?.endpoint ?? "", backup: true }];
    expect(await reached(await start(web({ endpoints }, [retry({ delay: "1ms" })])), 3)).to.equal("111");
    const without = await start(web({ endpoints }));
    for (let time = 0; time < 5; time += 1) {
      const socket = await connect(without.port());
      socket.resume();
      await eventOf(socket, "end");
    }
    expect(await reached(without, 3)).to.equal("111");
  });

  it("are balanced by the hash and by weight over HTTP too", async () => {
    const answer = async (name: string) => {
      const upstream = await startUpstream((socket) => {
        socket.on("data", () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${name}`));
      });
      cleanup.add(() => upstream.close());
      return upstream.endpoint;
    };
    const [a, b] = [await answer("a"), await answer("b")];
    const weighed = await start(web({ endpoints: [{ address: a, weight: 2 }, b] }, [http()]));
    const all: string[] = [];
    for (let time = 0; time < 6; time += 1) all.push((await ask(weighed.port())).body);
    expect(all.join("")).to.equal("abaaba");
    const hashed = await start(web({ endpoints: [a, b], balance: "hash", hash: () => "the same" }, [http()]));
    const same = new Set<string>();
    for (let time = 0; time < 6; time += 1) same.add((await ask(hashed.port())).body);
    expect(same.size).to.equal(1);
  });

  it("are balanced by weight over UDP, also among endpoints that a plugin chooses", async () => {
    const counts = [0, 0];
    const sockets = await Promise.all([bindUdp(), bindUdp()]);
    for (const [at, socket] of sockets.entries()) {
      cleanup.add(() => void socket.close());
      socket.on("message", (datagram, { port, address }) => {
        counts[at] = (counts[at] ?? 0) + 1;
        socket.send(datagram, port, address);
      });
    }
    const [one, two] = sockets.map((socket) => `127.0.0.1:${socket.address().port}`);
    const upstream: UpstreamConfig = { endpoints: [{ address: one ?? "", weight: 3 }, { address: two ?? "" }] };
    const elsewhere = plugin("elsewhere", {
      admit: (arrival, session) => {
        session.retarget(upstream);
        return arrival;
      },
    });
    for (const started of [await start(web(upstream, [], "udp")), await start(web("127.0.0.1:9", [elsewhere], "udp"))]) {
      for (let flow = 0; flow < 4; flow += 1) {
        const client = await startUdpClient(cleanup, started.port());
        await client.ask("x");
      }
    }
    expect(counts).to.deep.equal([6, 2]);
  });
});
