import { expect } from "chai";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { definePlugin, type SluiceConfig, type SocketConfig } from "sluice";
import { echo } from "sluice/plugins";
import { each } from "sluice/flow";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

async function start(listen: string, locals: string[] = []): Promise<TestProxy> {
  const noting = definePlugin("noting", () => ({
    fromClient: (data, session) =>
      data.pipe(
        each((datagram) => {
          locals.push(session.local.address);
          return datagram;
        }),
      ),
  }));
  return cleanup.keep(await startProxy({ listeners: { dns: { listen, plugins: [noting(), echo()] } } }));
}

async function open(family: 4 | 6): Promise<Socket> {
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  socket.on("error", () => undefined);
  cleanup.add(() => new Promise<void>((resolve) => void socket.close(resolve)));
  socket.bind(0);
  await eventOf(socket, "listening");
  return socket;
}

async function ask(socket: Socket, port: number, address: string): Promise<[string, RemoteInfo]> {
  const answered = bounded(
    new Promise<[Buffer, RemoteInfo]>((resolve) => void socket.once("message", (...all) => resolve(all))),
    `an answer of ${address}`,
  );
  socket.send(`to ${address}`, port, address);
  const [datagram, from] = await answered;
  return [String(datagram), from];
}

const listed = (family: string): string[] =>
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter((each_) => each_.family === family && !each_.address.startsWith("fe80:"))
    .map(({ address }) => address);
const hasSix = listed("IPv6").includes("::1");

describe("A UDP listener on all addresses", () => {
  for (const [wildcard, family] of [
    ["0.0.0.0", 4],
    ["[::]", 6],
  ] as const) {
    it(`${wildcard} answers from the address to which the client sent`, async function () {
      if (family === 6 && !hasSix) this.skip();
      const locals: string[] = [];
      const { port, proxy } = await start(`udp://${wildcard}:0`, locals);
      const four = await open(4);
      const asked = [...listed("IPv4"), "127.0.0.2"];
      for (const address of asked) {
        const [text, from] = await ask(four, port(), address);
        expect([text, from.address, from.port]).to.deep.equal([`to ${address}`, address, port()]);
      }
      if (family === 6) {
        const six = await open(6);
        const [, from] = await ask(six, port(), "::1");
        expect([from.address, from.port]).to.deep.equal(["::1", port()]);
        asked.push("::1");
      }
      expect(new Set(locals)).to.deep.equal(new Set(asked));
      expect(proxy.sessions.size, "one flow for each address asked").to.equal(asked.length);
      expect(proxy.listeners["dns"]?.address.address).to.equal(family === 6 ? "::" : "0.0.0.0");
    });
  }

  it("answers a client that is connected to one of the addresses", async () => {
    const { port } = await start("udp://0.0.0.0:0");
    const client = await open(4);
    client.connect(port(), "127.0.0.2");
    await eventOf(client, "connect");
    const answered = eventOf(client, "message");
    client.send("hello");
    expect(String((await answered)[0])).to.equal("hello");
  });

  it("is refused if the port is in use at one address, and leaves no other address bound", async () => {
    const taken = await open(4);
    const { port } = taken.address();
    await start(`udp://0.0.0.0:${port}`).then(
      () => expect.fail("it was bound"),
      (error: { readonly code?: string }) => expect(error.code).to.equal("SLUICE_ADDRESS_IN_USE"),
    );
    await cleanup.run();
    const again = createSocket("udp4");
    again.bind(port);
    await eventOf(again, "listening");
    again.close();
  });

  it("frees every address when it closes", async () => {
    const { port, proxy } = await start("udp://0.0.0.0:0");
    const at = port();
    await proxy.close();
    const again = createSocket("udp4");
    again.bind(at);
    await eventOf(again, "listening");
    again.close();
  });

  it("called localhost, answers at both loopback addresses", async function () {
    if (!hasSix) this.skip();
    const { port } = await start("udp://localhost:0");
    for (const [family, address] of [
      [4, "127.0.0.1"],
      [6, "::1"],
    ] as const) {
      const [text] = await ask(await open(family), port(), address);
      expect(text).to.equal(`to ${address}`);
    }
  });
});

describe("The buffers of a UDP listener's sockets", () => {
  /** What the kernel gave; Linux doubles what was asked for, for its own use. */
  function buffers({ proxy }: TestProxy): number[] {
    const { bound } = proxy.listeners["dns"] as unknown as { bound: { places: { all: { socket: Socket }[] } } };
    return bound.places.all.flatMap(({ socket }) => [socket.getRecvBufferSize(), socket.getSendBufferSize()]);
  }

  it("have the configured sizes, and change with the config", async () => {
    const config = (socket: SocketConfig): SluiceConfig => ({
      listeners: { dns: { listen: "udp://127.0.0.1:0", plugins: [echo()], socket } },
    });
    const started = cleanup.keep(await startProxy(config({ receiveBuffer: "32KiB", sendBuffer: "16KiB" })));
    const before = buffers(started);
    await started.proxy.apply(config({ receiveBuffer: "64KiB", sendBuffer: "32KiB" }));
    expect(buffers(started)).to.deep.equal(before.map((bytes) => 2 * bytes));
  });
});
