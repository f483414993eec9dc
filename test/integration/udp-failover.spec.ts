import { expect } from "chai";
import { createSocket, type Socket } from "node:dgram";
import { filter, firstValueFrom, of, tap } from "rxjs";
import { definePlugin, UPSTREAMS, type Upstreams, type SluiceConfig } from "sluice";
import { answer, each } from "sluice/flow";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { address, withNameServer } from "../support/name-server.ts";
import { freePort } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

interface Server {
  readonly endpoint: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A server that answers with its own name. */
async function startServer(name: string, port = 0, host = "127.0.0.1"): Promise<Server> {
  const socket: Socket = createSocket("udp4");
  socket.on("error", () => undefined);
  socket.on("message", (_datagram, from) => socket.send(name, from.port, from.address));
  socket.bind(port, host);
  await eventOf(socket, "listening");
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= new Promise((resolve) => void socket.close(resolve)));
  cleanup.add(close);
  return { endpoint: `${host}:${socket.address().port}`, port: socket.address().port, close };
}

async function start(upstream: string | string[], more: Partial<SluiceConfig> = {}): Promise<TestProxy> {
  return cleanup.keep(await startProxy({ ...more, listeners: { dns: { listen: "udp://127.0.0.1:0", upstream } } }));
}

describe("A UDP upstream with one dead endpoint", () => {
  it("answers every new client, also the client that was sent to the dead endpoint", async () => {
    const [a, b] = [await startServer("a"), await startServer("b")];
    const { port, all } = await start([`127.0.0.1:${await freePort()}`, a.endpoint, b.endpoint]);
    for (let turn = 0; turn < 9; turn += 1) {
      const client = await startUdpClient(cleanup, port());
      expect(String(await client.ask("hello"))).to.be.oneOf(["a", "b"]);
    }
    expect(all("session-started")).to.have.length(9);
    expect(all("session-ended")).to.have.length(0);
  });

  it("still answers a long-lived client when its endpoint dies, in the same session", async () => {
    const [a, b] = [await startServer("a"), await startServer("b")];
    const { proxy, port, all, event } = await start([a.endpoint, b.endpoint]);
    const served = (): unknown[] => Array.from(proxy.sessions, ({ upstream }) => upstream);
    const client = await startUdpClient(cleanup, port());
    expect(String(await client.ask("hello"))).to.equal("a");
    expect(served()).to.deep.equal([a.endpoint]);
    await a.close();
    for (let turn = 0; turn < 3; turn += 1) {
      expect(String(await client.ask("again"))).to.equal("b");
    }
    expect(served()).to.deep.equal([b.endpoint]);
    const back = await startServer("a again", a.port);
    await b.close();
    expect(String(await client.ask("and back"))).to.equal("a again");
    await back.close();
    expect(all("session-started")).to.have.length(1);
    await proxy.close();
    expect((await event("session-ended")).record.upstream).to.equal(a.endpoint);
  });

  it("answers in the same session after all endpoints were dead and one is back", async () => {
    const ports = [await freePort(), await freePort()];
    const { port, all } = await start(ports.map((each_) => `127.0.0.1:${each_}`));
    const client = await startUdpClient(cleanup, port());
    for (let turn = 0; turn < 8; turn += 1) client.send("lost");
    await eventually(() => expect(all("session-started")).to.have.length(1));
    await startServer("back", ports[1]);
    await eventually(async () => expect(String(await client.ask("hello", 100))).to.equal("back"));
    expect(all("session-started")).to.have.length(1);
  });
});

describe("A long-lived UDP flow to a name", () => {
  it("follows the name to another address, whether the old address refuses or still answers", async () => {
    for (const isClosed of [true, false]) {
      const old = await startServer("old");
      await startServer("new", old.port, "127.0.0.2");
      await withNameServer(
        () => ({ answers: [address("up.test", "127.0.0.1", isClosed ? 600 : 0)] }),
        async (server) => {
          const { port, all } = await start(`up.test:${old.port}`, { dns: { servers: [server.endpoint] } });
          const client = await startUdpClient(cleanup, port());
          expect(String(await client.ask("hello"))).to.equal("old");
          server.says = () => ({ answers: [address("up.test", "127.0.0.2", 600)] });
          if (isClosed) await old.close();
          await eventually(async () => expect(String(await client.ask("hello", 1_000))).to.equal("new"));
          expect(all("session-started")).to.have.length(1);
          await cleanup.run();
        },
      );
    }
  });
});

describe("UPSTREAMS on a UDP listener", () => {
  const relay = (upstream: string) =>
    definePlugin("relay", (_options, inject) => {
      const endpoints = inject<Upstreams>(UPSTREAMS).endpoints(upstream);
      return {
        connect: (_attempt, session) =>
          of(
            answer(
              "relay",
              (data) =>
                data.pipe(
                  each(async (datagram) => {
                    const chosen = endpoints.choose();
                    const { leg } = await firstValueFrom(chosen.attempt);
                    expect(leg.datagrams).to.equal(true);
                    const answered = new Promise<Buffer>((resolve) => {
                      leg.read({ data: (reply) => (resolve(reply), true), done: true, end: () => undefined, failed: () => undefined });
                    });
                    leg.write(datagram);
                    const reply = await bounded(answered, "the answer");
                    leg.destroy();
                    chosen.done(false);
                    return reply;
                  }),
                ),
              session,
            ),
          ),
      };
    })();

  it("opens legs of datagrams", async () => {
    const server = await startServer("one datagram");
    const started = await startProxy({ listeners: { dns: { listen: "udp://127.0.0.1:0", plugins: [relay(server.endpoint)] } } });
    cleanup.add(() => started.proxy.close());
    const client = await startUdpClient(cleanup, started.port());
    expect(String(await client.ask("hello"))).to.equal("one datagram");
  });

  it("refuses an upstream that needs a stream", async () => {
    const config = { listeners: { dns: { listen: "udp://127.0.0.1:0", plugins: [relay("unix:/run/none.sock")] } } };
    await startProxy(config).then(
      () => expect.fail("it was taken"),
      (error: Error) => expect(error.message).to.include('expected "host:port" on a udp listener'),
    );
  });
});

describe("A UDP session that a plugin sends elsewhere", () => {
  for (const upstream of [{ endpoints: ["127.0.0.1:9"], tls: true }, "unix:/run/none.sock"]) {
    it(`is refused if the upstream needs a stream, and sends nothing to that upstream: ${JSON.stringify(upstream)}`, async () => {
      const send = definePlugin("send", () => ({ admit: (arrival) => arrival.pipe(tap((session) => session.retarget(upstream))) }));
      const started = cleanup.keep(await startProxy({ listeners: { dns: { listen: "udp://127.0.0.1:0", plugins: [send()] } } }));
      const ended = firstValueFrom(started.proxy.events.pipe(filter((event) => event.type === "session-ended")));
      (await startUdpClient(cleanup, started.port())).send("hello");
      expect((await bounded(ended, "the end of the session")).record).to.include({ reason: "SLUICE_CONFIG_INVALID", upstream: undefined });
    });
  }
});
