import { expect } from "chai";
import { echo } from "sluice/plugins";
import type { ListenerConfig } from "sluice";
import { createCleanup } from "../support/cleanup.ts";
import { Workers } from "../support/workers.ts";
import { startAdmin } from "../support/with-admin.ts";

const tcp: ListenerConfig = { listen: "tcp://127.0.0.1:0", plugins: [echo()] };
const udp: ListenerConfig = { listen: "udp://127.0.0.1:0", plugins: [echo()] };

describe("the listeners of status and of the API", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("are in the order of the config, also after a reload that adds and moves some", async () => {
    const { proxy, api } = await startAdmin({ listeners: { datagrams: udp, streams: tcp } });
    cleanup.add(() => proxy.close());
    await proxy.apply({ admin: { listen: "tcp://127.0.0.1:0" }, listeners: { first: tcp, streams: udp, last: tcp, datagrams: udp } });
    const order = ["first", "streams", "last", "datagrams"];
    expect(proxy.status().listeners.map(({ name }) => name)).to.deep.equal(order);
    expect(Object.keys(proxy.listeners)).to.deep.equal(order);
    const { listeners } = await api.get<{ listeners: { name: string }[] }>("listeners");
    expect(listeners.map(({ name }) => name)).to.deep.equal(order);
  });

  it("are so with several workers, whichever process binds them", async () => {
    const one = (name: string, scheme: string): string => `${name}: { listen: "${scheme}://127.0.0.1:0", plugins: [echo()] }`;
    const started = await Workers.start(
      cleanup,
      `import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
export default defineConfig({ workers: 2, listeners: { ${one("a", "udp")}, ${one("b", "tcp")}, ${one("c", "udp")}, ${one("d", "tcp")} } });
`,
    );
    expect((await started.status()).listeners.map(({ name }) => name)).to.deep.equal(["a", "b", "c", "d"]);
  });
});
