import { expect } from "chai";
import { definePlugin } from "sluice";
import { createCleanup } from "../support/cleanup.ts";
import { connect } from "../support/sockets.ts";
import { startProxy } from "../support/with-proxy.ts";
import { bindUdp } from "../support/with-echo-server.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** Sends every session to the listener's own port at a host. */
const homeward = definePlugin("homeward", ({ host }: { readonly host: string }) => ({
  admit(arrival, session) {
    session.retarget({ endpoints: [`${host}:${session.local.port}`] });
    return arrival;
  },
}));

describe("a listener whose sessions are sent to itself [trust]", () => {
  for (const host of ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"]) {
    it(`does not dial ${host}, over TCP`, async () => {
      const { proxy, port, ended } = await startProxy({
        listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [homeward({ host })] } },
      });
      cleanup.add(() => proxy.close());
      cleanup.keep(await connect(port()));
      expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_LOOP");
    });

    it(`does not dial ${host}, over UDP`, async () => {
      const { proxy, port, ended } = await startProxy({
        listeners: { web: { listen: "udp://127.0.0.1:0", plugins: [homeward({ host })] } },
      });
      cleanup.add(() => proxy.close());
      const client = cleanup.keep(await bindUdp());
      client.send("hello", port(), "127.0.0.1");
      expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_LOOP");
    });
  }

  it("that listens on all addresses does not dial an address of the machine", async () => {
    const config = { listeners: { web: { listen: "tcp://0.0.0.0:0", plugins: [homeward({ host: "127.0.0.5" })] } } };
    const { proxy, port, ended } = await startProxy(config);
    cleanup.add(() => proxy.close());
    cleanup.keep(await connect(port()));
    expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_LOOP");
  });
});
