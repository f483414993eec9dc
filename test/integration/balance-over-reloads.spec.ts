import { expect } from "chai";
import { createProxy, type SluiceConfig } from "sluice";
import { logging } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connect, readBytes } from "../support/sockets.ts";

describe("least-connections over a reload that changes the plugins", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("counts the sessions that are open already", async () => {
    const upstreams = await Promise.all([startUpstream("echo"), startUpstream("echo")]);
    for (const upstream of upstreams) cleanup.add(() => upstream.close());
    const [one, two] = upstreams;
    const config = (level: "info" | "debug"): SluiceConfig => ({
      listeners: {
        web: {
          listen: "tcp://127.0.0.1:0",
          upstream: { endpoints: [one?.endpoint ?? "", two?.endpoint ?? ""], balance: "least-connections" },
          plugins: [logging({ level })],
        },
      },
    });
    const proxy = cleanup.keep(await createProxy(config("info"), { logger: createLogger({ level: "silent" }) }));
    const openSome = async (count: number): Promise<void> => {
      for (let opened = 0; opened < count; opened += 1) {
        const client = cleanup.keep(await connect(proxy.listeners["web"]?.address.port ?? 0));
        client.write("x");
        await readBytes(client, 1);
      }
    };
    // Six sessions, three at each; then those at the second end.
    await openSome(6);
    expect([one?.sockets.size, two?.sockets.size]).to.deep.equal([3, 3]);
    for (const socket of two?.sockets ?? []) socket.resetAndDestroy();
    await eventually(() => expect(proxy.sessions.size).to.equal(3));
    await proxy.apply(config("debug"));
    await openSome(3);
    expect([one?.sockets.size, two?.sockets.size]).to.deep.equal([3, 3]);
  });
});
