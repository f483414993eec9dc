import { expect } from "chai";
import { definePlugin } from "sluice";
import type { Plugin, PluginUse, SluiceConfig } from "sluice";
import { each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { both } from "../support/shapes.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { startProxy } from "../support/with-proxy.ts";
import { z } from "zod";
import { startUpstream } from "sluice/testing";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** A plugin that counts its life; the counts are shared by all its instances. */
function counted(): {
  readonly use: (word: string) => PluginUse;
  readonly counts: Record<"made" | "setup" | "teardown" | "hooks", number>;
} {
  const counts = { made: 0, setup: 0, teardown: 0, hooks: 0 };
  const factory = definePlugin(
    "counted",
    (): Plugin => {
      counts.made += 1;
      return {
        setup: () => void (counts.setup += 1),
        teardown: () => void (counts.teardown += 1),
        fromClient: (data) => {
          counts.hooks += 1;
          return data.pipe(each((chunk) => chunk));
        },
      };
    },
    z.object({ word: z.string() }),
  );
  return { counts, use: (word) => factory({ word }) };
}

describe("a reload and the parts that it does not change", () => {
  it("does not touch a listener whose plugins stay the same: instances, hooks, sessions, socket", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const { counts, use } = counted();
    const config = (other: readonly PluginUse[]): SluiceConfig => ({
      listeners: {
        same: { listen: "tcp://127.0.0.1:0", upstream: upstream.endpoint, plugins: [use("same")] },
        other: { listen: "tcp://127.0.0.1:0", upstream: upstream.endpoint, plugins: other },
      },
    });
    const { proxy, port, all } = await startProxy(config([]));
    cleanup.add(() => proxy.close());
    const client = await connect(port("same"));
    client.write("hello");
    await readBytes(client, 5);
    const { address } = proxy.listeners["same"] ?? {};
    for (let turn = 0; turn < 10; turn += 1) {
      const { steps } = await proxy.apply(config([both(`turn-${turn}`, (data) => data)]));
      expect(steps.map(({ listener, action }) => `${listener} ${action}`)).to.deep.equal(["same keep", "other swap"]);
    }
    client.write("hello");
    await readBytes(client, 5);
    expect(counts).to.deep.equal({ made: 1, setup: 1, teardown: 0, hooks: 1 });
    expect(all("swapped").filter(({ listener }) => listener === "same")).to.deep.equal([]);
    expect([...proxy.sessions].map(({ generation }) => generation)).to.deep.equal([1]);
    expect(String(proxy.listeners["same"]?.address)).to.equal(String(address));
    client.destroy();
    await proxy.close();
    expect(counts.teardown).to.equal(1);
  });

  it("tears a replaced plugin down once, when no session uses it any more", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const { counts, use } = counted();
    const config = (word: string): SluiceConfig => ({
      listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: upstream.endpoint, plugins: [use(word)], reload: { sessions: "keep" } } },
    });
    const { proxy, port } = await startProxy(config("first"));
    cleanup.add(() => proxy.close());
    const clients = await Promise.all([connect(port()), connect(port())]);
    await eventually(() => expect(counts.hooks).to.equal(2));
    await proxy.apply(config("second"));
    expect(counts).to.deep.equal({ made: 2, setup: 2, teardown: 0, hooks: 2 });
    clients[0].destroy();
    await eventually(() => expect(proxy.sessions.size).to.equal(1));
    expect(counts.teardown, "while a session is on it").to.equal(0);
    clients[1].destroy();
    await eventually(() => expect(counts.teardown).to.equal(1));
    await proxy.close();
    expect(counts.teardown).to.equal(2);
  });
});
