import { expect } from "chai";
import type { PluginUse } from "sluice";
import { replaceBytes } from "sluice/flow";
import { openForward } from "../support/forward.ts";
import { createCleanup } from "../support/cleanup.ts";
import { exchange } from "../support/exchange.ts";
import { readAll, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const secrets = (mark: string): PluginUse =>
  plugin("secrets", { borrows: true, fromUpstream: (data) => data.pipe(replaceBytes(/\d{4,}/, mark), replaceBytes("secret", mark)) });

describe("replaceBytes in a proxy [reload]", () => {
  it("holds the beginning of a match over reloads, and releases it when the plugin is removed", async () => {
    const { client, proxy, config } = await openForward(cleanup, [secrets("#")]);
    expect(await exchange(client, "a12", 1)).to.equal("a");
    await proxy.apply(config([secrets("!")]));
    expect(await exchange(client, "34 sec", 2)).to.equal("! ");
    await proxy.apply(config([secrets("?")]));
    expect(await exchange(client, "ret.sec", 2)).to.equal("?.");
    await proxy.apply(config([]));
    expect(String(await readBytes(client, 3))).to.equal("sec");
    await proxy.apply(config([secrets("#")]));
    client.write("b 12345");
    client.end();
    expect(String(await readAll(client))).to.equal("b #");
  });

  it("passes each byte once when its function fails, with onError bypass", async () => {
    const failing = plugin(
      "failing",
      {
        fromUpstream: (data) =>
          data.pipe(
            replaceBytes(/\d{2,}/, (number) => {
              if (number.startsWith("00")) throw new Error("zero");
              return "#";
            }),
          ),
      },
      { onError: "bypass" },
    );
    const { client } = await openForward(cleanup, [failing]);
    expect(await exchange(client, "a12b0", 3)).to.equal("a#b");
    expect(await exchange(client, "0c34", 5)).to.equal("00c34");
    expect(await exchange(client, "56", 2)).to.equal("56");
  });

  it("handles each datagram separately", async () => {
    const server = cleanup.keep(await bindUdp());
    server.on("message", (datagram, from) => server.send(datagram, from.port, from.address));
    const { proxy, port } = await startProxy({
      listeners: { u: { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${server.address().port}`, plugins: [secrets("#")] } },
    });
    cleanup.add(() => proxy.close());
    const client = await startUdpClient(cleanup, port());
    expect(String(await client.ask("a 12345"))).to.equal("a #");
    expect(String(await client.ask("12 sec"))).to.equal("12 sec");
    expect(String(await client.ask("34 ret secret"))).to.equal("34 ret #");
    expect(String(await client.ask(""))).to.equal("");
  });
});
