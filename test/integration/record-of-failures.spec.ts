import { expect } from "chai";
import { EMPTY } from "rxjs";
import type { ListenerConfig, PluginUse } from "sluice";
import type { UpstreamKind } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { connect } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

interface Failure {
  readonly behave: UpstreamKind;
  readonly listener?: Partial<ListenerConfig>;
  readonly plugins?: readonly PluginUse[];
  readonly reason: string;
}

const failures: Readonly<Record<string, Failure>> = {
  hello: { behave: "echo", listener: { listen: "tls://127.0.0.1:0" }, reason: "SLUICE_CLIENT_TLS" },
  admit: { behave: "echo", plugins: [plugin("closed", { admit: () => EMPTY })], reason: "SLUICE_CLIENT_REJECTED" },
  connect: { behave: "refuse", reason: "SLUICE_UPSTREAM_REFUSED" },
  flow: { behave: "reset", reason: "SLUICE_UPSTREAM_RESET" },
};

describe("the record of a session that failed [data path]", () => {
  for (const [phase, { behave, listener = {}, plugins = [], reason }] of Object.entries(failures)) {
    it(`contains its listener, its client, the code and the phase: ${phase}`, async () => {
      const { port, ended } = await startForward(cleanup, behave, { listener, plugins });
      const client = await connect(port());
      const address = `127.0.0.1:${client.localPort}`;
      client.write("GET / HTTP/1.1\r\n\r\n");
      expect(await ended()).to.include({ listener: "web", client: address, reason, phase });
    });
  }

  it("contains the client that was refused because of a limit", async () => {
    const { port, event } = await startForward(cleanup, "echo", { limits: { sessions: 1 } });
    await connect(port());
    const refused = await connect(port());
    const { listener, client, error } = await event("session-refused");
    expect([listener, client, error.code]).to.deep.equal(["web", `127.0.0.1:${refused.localPort}`, "SLUICE_LIMIT_SESSIONS"]);
  });
});
