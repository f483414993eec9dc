import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("limits.sessionsPerClient that a reload brings [data path]", () => {
  it("counts the sessions that are open already", async () => {
    const { port, proxy, config, event } = await startForward(cleanup, "echo");
    for (let open = 0; open < 2; open += 1) {
      // oxlint-disable-next-line no-await-in-loop
      const client = await connect(port());
      cleanup.add(() => void client.destroy());
      client.write("x");
      // oxlint-disable-next-line no-await-in-loop
      await readBytes(client, 1);
    }
    await proxy.apply({ ...config([]), limits: { sessionsPerClient: 2 } });
    expect(await readAll(await connect(port()))).to.have.length(0);
    expect((await event("session-refused")).error.code).to.equal("SLUICE_LIMIT_SESSIONS_PER_CLIENT");
  });
});

describe("timeouts.idle that a reload brings [data path]", () => {
  it("holds at once, and for the sessions that are open already", async () => {
    const { port, proxy, config, ended } = await startForward(cleanup, "echo");
    const client = await connect(port());
    client.write("x");
    await readBytes(client, 1);
    await proxy.apply({ ...config([]), timeouts: { idle: "100ms" } });
    expect((await ended()).reason).to.equal("SLUICE_IDLE_TIMEOUT");
    client.destroy();
  });
});
