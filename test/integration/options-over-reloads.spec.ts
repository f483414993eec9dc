import { expect } from "chai";
import type { PluginUse, SluiceConfig } from "sluice";
import { httpConnect, proxyProtocol, route, socks5 } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { startProxy } from "../support/with-proxy.ts";
import { talk } from "../support/http-client.ts";

describe("Options of built-in plugins that a reload changes", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const of = (plugin: PluginUse, upstream?: string): SluiceConfig => ({
    listeners: { main: { listen: "tcp://127.0.0.1:0", ...(upstream === undefined ? {} : { upstream }), plugins: [plugin] } },
  });
  /** Starts with one use, applies the other, and gives what `ask` finds each time. */
  const before = async (plugin: PluginUse, upstream?: string) => {
    const started = cleanup.keep(await startProxy(of(plugin, upstream)));
    return { port: started.port(), apply: (other: PluginUse) => started.proxy.apply(of(other, upstream)) };
  };
  const target = async (): Promise<string> => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    return `127.0.0.1:${upstream.port}`;
  };
  const status = async (port: number, to: string, password = "a:b"): Promise<string> => {
    const authorization = `Proxy-Authorization: Basic ${Buffer.from(password).toString("base64")}`;
    const socket = cleanup.keep(await connect(port));
    socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${authorization}\r\n\r\n`);
    return String(await readBytes(socket, 12)).slice(9);
  };

  it("httpConnect: a target that is no longer allowed is refused, and so is a password that was removed", async () => {
    const to = await target();
    const { port, apply } = await before(httpConnect({ allow: ["127.0.0.1"], users: { a: "b" } }));
    expect(await status(port, to)).to.equal("200");
    await apply(httpConnect({ allow: ["127.0.0.1"], users: { a: "c" } }));
    expect(await status(port, to)).to.equal("407");
    await apply(httpConnect({ allow: ["127.0.0.2"], users: { a: "b" } }));
    expect(await status(port, to)).to.equal("403");
  });

  it("socks5: a target that is no longer allowed is refused", async () => {
    const [, port = ""] = (await target()).split(":");
    const request = Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, Number(port) >> 8, Number(port) & 255]);
    const reply = async (at: number): Promise<number | undefined> => {
      const socket = cleanup.keep(await connect(at));
      socket.write(request);
      return (await readBytes(socket, 4))[3];
    };
    const proxy = await before(socks5({ allow: ["127.0.0.1"] }));
    expect(await reply(proxy.port)).to.equal(0);
    await proxy.apply(socks5({ allow: ["127.0.0.2"] }));
    expect(await reply(proxy.port)).to.equal(2);
  });

  it("proxyProtocol: a peer that is no longer trusted may not name a client", async () => {
    const { port, apply } = await before(proxyProtocol({ from: ["127.0.0.0/8"] }), await target());
    const header = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello";
    const socket = cleanup.keep(await connect(port));
    socket.write(header);
    expect(String(await readBytes(socket, 5))).to.equal("hello");
    await apply(proxyProtocol({ from: ["192.0.2.0/24"] }));
    const distrusted = cleanup.keep(await connect(port));
    distrusted.end(header);
    expect(await readAll(distrusted).then(String, () => "reset")).to.equal("reset");
  });

  it("route: clients are routed by the new networks", async () => {
    const [one, two] = [await target(), await startUpstream("refuse")];
    cleanup.add(() => two.close());
    const routes = (network: string): PluginUse =>
      route({ routes: [{ client: [network], upstream: one }], fallback: `127.0.0.1:${two.port}` });
    const { port, apply } = await before(routes("192.0.2.0/24"));
    expect(await talk(port, "hello").catch(() => "")).to.equal("");
    await apply(routes("127.0.0.0/8"));
    const socket = cleanup.keep(await connect(port));
    socket.write("hello");
    expect(String(await readBytes(socket, 5))).to.equal("hello");
  });
});
