import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { echo } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("limits.sessionsPerClient that is set by a reload [data path]", () => {
  it("counts the sessions that are open already", async () => {
    const { port, proxy, config, event } = await startForward(cleanup, "echo");
    for (let open = 0; open < 2; open += 1) {
      const client = cleanup.keep(await connect(port()));
      client.write("x");
      await readBytes(client, 1);
    }
    await proxy.apply({ ...config([]), limits: { sessionsPerClient: 2 } });
    expect(await readAll(await connect(port()))).to.have.length(0);
    expect((await event("session-refused")).error.code).to.equal("SLUICE_LIMIT_SESSIONS_PER_CLIENT");
  });
});

describe("limits.sessionsPerClient on a unix listener", () => {
  it("does not apply, because its clients cannot be distinguished and would block each other", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-clients-"));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "a.sock");
    const listeners = { local: { listen: `unix://${path}`, plugins: [echo()] }, web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } };
    const { proxy, port, all } = await startProxy({ limits: { sessionsPerClient: 1 }, listeners });
    cleanup.add(() => proxy.close());
    for (let turn = 0; turn < 3; turn += 1) {
      const client = cleanup.keep(await connect({ path }));
      client.write("x");
      await readBytes(client, 1);
    }
    expect(all("session-refused")).to.deep.equal([]);
    const [first, second] = [await connect(port("web")), await connect(port("web"))];
    cleanup.add(() => void first.destroy());
    expect(await readAll(second)).to.have.length(0);
    second.destroy();
  });
});

describe("timeouts.idle that is set by a reload [data path]", () => {
  it("applies at once, also to sessions that are already open", async () => {
    const { port, proxy, config, ended } = await startForward(cleanup, "echo");
    const client = await connect(port());
    client.write("x");
    await readBytes(client, 1);
    await proxy.apply({ ...config([]), timeouts: { idle: "100ms" } });
    expect((await ended()).reason).to.equal("SLUICE_IDLE_TIMEOUT");
    client.destroy();
  });
});
