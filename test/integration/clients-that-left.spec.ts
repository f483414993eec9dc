import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { connect as connectTls } from "node:tls";
import { join } from "node:path";
import { defer, delay, mergeMap, NEVER, tap } from "rxjs";
import { definePlugin, type FunctionPlugin, type ListenerConfig } from "sluice";
import { echo, http, rateLimit, retry, tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { connect, freePort, readAll, readBytes } from "../support/sockets.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

describe("A client that has left before it was served", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  let certificate: TestCertificate;
  before(async () => (certificate = await createCertificate("localhost")));
  afterEach(() => cleanup.run());

  /** Where a session can stand when its client leaves. */
  const stages: Readonly<Record<string, FunctionPlugin>> = {
    admit: { admit: (arrival) => arrival.pipe(mergeMap(() => NEVER)) },
    connect: { connect: () => NEVER },
  };

  interface Kind {
    readonly listener: () => ListenerConfig;
    readonly open: (port: number, path: string) => Promise<Socket>;
    readonly leave: (socket: Socket) => void;
  }
  const folder = mkdtempSync(join(tmpdir(), "sluice-left-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "a.sock");
  const reset = (socket: Socket): void => void socket.resetAndDestroy();
  /** Gives the socket below, which can be reset. */
  const secure = async (port: number): Promise<Socket> => {
    const socket = await connect(port);
    const secured = await connectSecurely(port, { socket, ca: certificate.cert, servername: "localhost" });
    await new Promise<void>((resolve) => void secured.write("sent before", () => resolve()));
    return socket;
  };
  const kinds: Readonly<Record<string, Kind>> = {
    "tcp, reset": { listener: () => ({ listen: "tcp://127.0.0.1:0" }), open: (port) => connect(port), leave: reset },
    "tls terminated, reset": {
      listener: () => ({ listen: "tls://127.0.0.1:0", plugins: [tlsTermination({ cert: certificate.cert, key: certificate.key })] }),
      open: secure,
      leave: reset,
    },
    "tls passed through, reset": {
      listener: () => ({ listen: "tls://127.0.0.1:0" }),
      open: async (port) => {
        const socket = await connect(port);
        connectTls({ socket, servername: "localhost" }).on("error", () => undefined);
        return socket;
      },
      leave: reset,
    },
    "unix, closed": {
      listener: () => ({ listen: `unix://${path}` }),
      open: () => connect({ path }),
      leave: (socket) => void socket.destroy(),
    },
  };
  for (const [kind, { listener, open, leave }] of Object.entries(kinds)) {
    for (const [stage, hooks] of Object.entries(stages)) {
      it(`is noticed in ${stage} (${kind})`, async () => {
        const given = listener();
        const { proxy, port, ended } = await startProxy({
          listeners: { web: { ...given, plugins: [...(given.plugins ?? []), plugin("waits", hooks), echo()] } },
        });
        cleanup.add(() => proxy.close());
        const socket = await open(port(), path);
        if (!kind.startsWith("tls")) socket.write("sent before");
        await eventually(() => expect(proxy.sessions.size).to.equal(1));
        leave(socket);
        expect(await ended()).to.include({ reason: "SLUICE_CLIENT_RESET", phase: stage });
        expect(proxy.sessions.size).to.equal(0);
      });
    }
  }

  const full: Readonly<Record<string, () => { readonly listener: ListenerConfig; readonly sent: Buffer }>> = {
    tcp: () => ({ listener: { listen: "tcp://127.0.0.1:0" }, sent: Buffer.alloc(20_000_000) }),
    http: () => ({
      listener: { listen: "tcp://127.0.0.1:0", plugins: [http()] },
      sent: Buffer.concat([Buffer.from("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n"), Buffer.alloc(20_000_000)]),
    }),
    "tls terminated": () => ({
      listener: { listen: "tls://127.0.0.1:0", plugins: [tlsTermination({ cert: certificate.cert, key: certificate.key })] },
      sent: Buffer.alloc(20_000_000),
    }),
  };
  for (const [kind, make] of Object.entries(full)) {
    it(`is noticed although it is not read, because its upstream takes nothing more (${kind})`, async () => {
      const unread = cleanup.keep(await startUpstream((socket) => void socket.pause()));
      const { listener, sent } = make();
      const { proxy, port, ended } = await startProxy({ listeners: { web: { ...listener, upstream: unread.endpoint } } });
      cleanup.add(() => proxy.close());
      const socket = await connect(port());
      const secured = kind.startsWith("tls")
        ? await connectSecurely(port(), { socket, ca: certificate.cert, servername: "localhost" })
        : socket;
      secured.on("error", () => undefined).write(sent);
      // Nothing moves any more once the socket buffers are full.
      const bytes = (): number => [...proxy.sessions][0]?.fromClient.bytes ?? 0;
      let [before, still] = [0, 0];
      await eventually(() => {
        still = before > 0 && bytes() === before ? still + 1 : 0;
        before = bytes();
        expect(still).to.be.at.least(10);
      });
      socket.resetAndDestroy();
      expect((await ended("SLUICE_CLIENT_RESET", 5_000)).phase).to.equal("flow");
    });
  }

  it("does not delay a live client in a rate limit's queue", async () => {
    const { proxy, port, all } = await startProxy({
      listeners: {
        web: { listen: "tcp://127.0.0.1:0", plugins: [rateLimit({ connections: { rate: 1, per: "1s" }, over: "delay" }), echo()] },
      },
    });
    cleanup.add(() => proxy.close());
    const first = await connect(port());
    expect(await exchange(first, "first")).to.equal("first");
    const left = await Promise.all(Array.from({ length: 12 }, () => connect(port())));
    await eventually(() => expect(proxy.sessions.size).to.equal(13));
    const live = await connect(port());
    for (const socket of left) socket.resetAndDestroy();
    // Behind twelve others it would be 13 s.
    live.write("live");
    expect(String(await readBytes(live, 4, 6_000))).to.equal("live");
    expect(all("session-ended").map(({ record }) => record.reason)).to.deep.equal(Array(12).fill("SLUICE_CLIENT_RESET"));
    for (const socket of [first, live]) socket.destroy();
  });

  it("stops the attempts of retry", async () => {
    let tries = 0;
    const counted = definePlugin("counted", () => ({ connect: (attempt) => attempt.pipe(tap({ subscribe: () => (tries += 1) })) }));
    const { proxy, port, ended } = await startProxy({
      listeners: {
        web: {
          listen: "tcp://127.0.0.1:0",
          upstream: `127.0.0.1:${await freePort()}`,
          plugins: [retry({ attempts: 10_000, delay: "20ms", factor: 1, jitter: "none", within: "10m" }), counted()],
        },
      },
    });
    cleanup.add(() => proxy.close());
    const socket = await connect(port());
    await eventually(() => expect(tries).to.be.at.least(3));
    socket.resetAndDestroy();
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
    const until = tries;
    const next = await connect(port());
    await eventually(() => expect(tries).to.be.at.least(until + 3));
    expect(proxy.sessions.size).to.equal(1);
    next.destroy();
  });

  for (const stage of ["admit", "connect"] as const) {
    it(`is not confused with a client that only waits, and earlier bytes of the waiting client arrive (${stage})`, async () => {
      const wait = {
        admit: plugin("late", { admit: (arrival) => arrival.pipe(delay(1_500)) }),
        connect: plugin("late", { connect: (attempt) => defer(() => attempt.pipe(delay(1_500))) }),
      };
      const { proxy, port } = await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [wait[stage], echo()] } } });
      cleanup.add(() => proxy.close());
      const socket = await connect(port());
      socket.write("sent before");
      // Half-closed, as nc does, which wants its answer nevertheless.
      socket.end();
      expect(String(await readAll(socket))).to.equal("sent before");
    });
  }
});
