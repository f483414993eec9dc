import { expect } from "chai";
import { DATAGRAMS, definePlugin, type Datagrams } from "sluice";
import { answer } from "sluice/flow";
import { concatMap, ignoreElements, of } from "rxjs";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { connect } from "../support/sockets.ts";
import { openUdp } from "../support/socks-udp-client.ts";
import { startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("DATAGRAMS in a user's plugin", () => {
  it("relay datagrams, and an error of the plugin ends its session and nothing else", async () => {
    const mirror = definePlugin("mirror", (_options: object, inject) => {
      const datagrams: Datagrams = inject(DATAGRAMS);
      return {
        admit: (arrival, session) =>
          arrival.pipe(
            concatMap(async () => {
              const relay = await datagrams.relay(session, {
                fromClient: (datagram, own) => {
                  if (String(datagram) === "throw") throw new Error("a mistake of the plugin's");
                  own.toClient(datagram);
                },
                fromTarget: () => undefined,
              });
              session.reply(Buffer.from([relay.local.port >> 8, relay.local.port & 0xff]));
              return session;
            }),
          ),
        connect: (_attempt, session) => of(answer("mirror", (data) => data.pipe(ignoreElements()), session)),
      };
    });
    const { proxy, port, event, ended } = await startProxy({ listeners: { own: { listen: "tcp://127.0.0.1:0", plugins: [mirror()] } } });
    cleanup.add(() => proxy.close());
    const control = cleanup.keep(await connect(port()));
    const chunk = await eventOf(control, "data");
    const to = { host: "127.0.0.1", port: (chunk[0] as Buffer).readUInt16BE() };
    const client = await openUdp(cleanup);
    client.send(Buffer.from("hi"), to);
    expect(String((await client.next()).data)).to.equal("hi");
    client.send(Buffer.from("throw"), to);
    expect((await event("plugin-fault")).plugin).to.equal("mirror");
    expect((await ended()).reason).to.equal("SLUICE_PLUGIN_FAILED");
    expect((await greetingOf(port())).length).to.equal(2);
  });
});

/** A new session is served as before. */
async function greetingOf(port: number): Promise<Buffer> {
  const control = cleanup.keep(await connect(port));
  const [chunk] = await eventOf(control, "data");
  return chunk as Buffer;
}
