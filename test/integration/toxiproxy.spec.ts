import { expect } from "chai";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { pino } from "pino";
import { serveToxiproxy, type ToxiproxyServer } from "sluice/faults";
import { startUpstream, type TestUpstream } from "sluice/testing";
import { Toxiproxy, type ICreateProxyBody } from "toxiproxy-node-client";
import { eventually } from "../support/eventually.ts";

const ask = async (url: string, method: string, body?: string): Promise<{ status: number; body: unknown }> => {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") || text.startsWith("[") ? (JSON.parse(text) as unknown) : text };
};

describe("the API of toxiproxy, used by its Node client", () => {
  let server: ToxiproxyServer;
  let upstream: TestUpstream;
  let toxiproxy: Toxiproxy;

  beforeEach(async () => {
    upstream = await startUpstream("echo");
    server = await serveToxiproxy({ port: 0, logger: pino({ level: "silent" }) });
    toxiproxy = new Toxiproxy(server.url);
  });

  afterEach(async () => {
    await server.close();
    await upstream.close();
  });

  const bodyOf = (name: string): ICreateProxyBody => ({ name, listen: "localhost:0", upstream: upstream.endpoint });

  const connectTo = async (listen: string): Promise<Socket> => {
    const [host = "", port = ""] = listen.split(":");
    const socket = createConnection({ host, port: Number(port) });
    await once(socket, "connect");
    return socket;
  };

  it("creates, gets, lists, updates and removes proxies", async () => {
    const proxy = await toxiproxy.createProxy(bodyOf("redis"));
    expect(proxy.listen).to.match(/^127\.0\.0\.1:[1-9]\d*$/);
    expect((await toxiproxy.get("redis")).toJson()).to.deep.equal(proxy.toJson());
    expect(Object.keys(await toxiproxy.getAll())).to.deep.equal(["redis"]);
    const updated = await proxy.update({ enabled: false, listen: proxy.listen, upstream: proxy.upstream });
    expect(updated.enabled).to.equal(false);
    expect(await connectTo(proxy.listen).catch((error: unknown) => String(error))).to.include("ECONNREFUSED");
    expect((await proxy.update({ enabled: true, listen: proxy.listen, upstream: proxy.upstream })).listen).to.equal(proxy.listen);
    const socket = await connectTo(proxy.listen);
    socket.write("hello");
    expect(String((await once(socket, "data"))[0])).to.equal("hello");
    socket.destroy();
    await proxy.remove();
    expect(await toxiproxy.getAll()).to.deep.equal({});
  });

  // These calls, with those above and below, are all of the client's own suite (18 tests, which pass).
  it("accepts an upstream of any name, a part of a toxic, and each name once", async () => {
    const proxy = await toxiproxy.createProxy(bodyOf("redis"));
    const moved = await proxy.update({ enabled: true, listen: proxy.listen, upstream: "somewhere.invalid:12345" });
    expect(moved.toJson()).to.deep.include({ enabled: true, listen: proxy.listen, upstream: "somewhere.invalid:12345" });
    const latency = { attributes: { latency: 1_000, jitter: 100 }, type: "latency" };
    const toxic = await proxy.addToxic(latency as never);
    expect(toxic.toJson()).to.deep.include({ name: "latency_downstream", stream: "downstream", toxicity: 1 });
    const updated = await toxic.update({ attributes: { latency: 12_345, jitter: 42 } } as never);
    expect(updated.toJson()).to.deep.include({ attributes: { latency: 12_345, jitter: 42 }, toxicity: 1 });
    const refused = async (call: Promise<unknown>): Promise<string> => call.then(() => "accepted", String);
    expect(await refused(proxy.addToxic(latency as never))).to.match(/409|already exists/);
    expect(await refused(toxiproxy.createProxy(bodyOf("redis")))).to.match(/409|already exists/);
    await toxic.remove();
    expect(await refused(proxy.getToxic("latency_downstream"))).to.match(/404|not found/);
  });

  it("reports its version, populates and resets", async () => {
    expect(JSON.parse(await toxiproxy.getVersion()))
      .to.have.property("version")
      .that.matches(/^2\./);
    const first = await toxiproxy.populate([bodyOf("one"), { ...bodyOf("two"), enabled: false }]);
    expect(Object.keys(first)).to.deep.equal(["one", "two"]);
    expect(first["two"]?.enabled).to.equal(false);
    await first["one"]?.addToxic({ attributes: { latency: 1000, jitter: 0 }, type: "latency" } as never);
    await toxiproxy.reset();
    const { body } = await ask(`${server.url}/proxies`, "GET");
    expect(body).to.deep.include({ one: { ...(body as never as Record<string, object>)["one"], enabled: true, toxics: [] } });
    expect((await toxiproxy.get("two")).enabled).to.equal(true);
    const again = await toxiproxy.populate([{ name: "one", listen: first["one"]?.listen ?? "", upstream: upstream.endpoint }]);
    expect(again["one"]?.listen).to.equal(first["one"]?.listen);
  });

  const attributes = {
    latency: { latency: 10, jitter: 5 },
    bandwidth: { rate: 1000 },
    slow_close: { delay: 10 },
    timeout: { timeout: 1000 },
    slicer: { average_size: 10, size_variation: 2, delay: 5 },
    limit_data: { bytes: 1000 },
    reset_peer: { timeout: 1000 },
  };
  for (const [type, given] of Object.entries(attributes)) {
    it(`adds, gets, updates and removes ${type}`, async () => {
      const proxy = await toxiproxy.createProxy(bodyOf("redis"));
      const toxic = await proxy.addToxic({ attributes: given, type } as never);
      const whole = { attributes: given, name: `${type}_downstream`, stream: "downstream", toxicity: 1, type };
      expect(toxic.toJson()).to.deep.equal(whole);
      expect((await proxy.getToxic(toxic.name)).toJson()).to.deep.equal(whole);
      const [key = ""] = Object.keys(given);
      const updated = await toxic.update({ ...whole, attributes: { [key]: 20 }, toxicity: 0.5 } as never);
      expect(updated.toJson()).to.deep.equal({ ...whole, attributes: { ...given, [key]: 20 }, toxicity: 0.5 });
      await toxic.remove();
      expect((await ask(`${server.url}/proxies/redis/toxics`, "GET")).body).to.deep.equal([]);
    });
  }

  it("works on open connections", async () => {
    const proxy = await toxiproxy.createProxy(bodyOf("redis"));
    const socket = await connectTo(proxy.listen);
    let text = "";
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.write("a");
    await eventually(() => expect(text).to.equal("a"));
    const held = await proxy.addToxic({ attributes: { latency: 3_600_000, jitter: 0 }, type: "latency", stream: "upstream" } as never);
    socket.write("b");
    await eventually(() => expect(upstream.received.toString()).to.equal("a"));
    await held.remove();
    await eventually(() => expect(text).to.equal("ab"));
    await proxy.addToxic({ attributes: { bytes: 2 }, type: "limit_data" } as never);
    socket.write("cdef");
    await once(socket, "end");
    expect(text).to.equal("abcd");
  });

  it("reset_peer resets, timeout drops data and closes, and the removal of timeout closes too", async () => {
    const proxy = await toxiproxy.createProxy(bodyOf("redis"));
    const reset = await proxy.addToxic({ attributes: { timeout: 0 }, type: "reset_peer", stream: "upstream" } as never);
    const first = await connectTo(proxy.listen);
    first.write("x");
    expect(((await once(first, "error"))[0] as NodeJS.ErrnoException).code).to.equal("ECONNRESET");
    await reset.remove();
    const lost = await proxy.addToxic({ attributes: { timeout: 0 }, type: "timeout" } as never);
    const second = await connectTo(proxy.listen);
    second.write("y");
    await eventually(() => expect(String(upstream.received)).to.equal("y"));
    second.resume();
    const ended = once(second, "end");
    await lost.remove();
    await ended;
  });

  it("answers with toxiproxy's errors", async () => {
    const { url } = server;
    await toxiproxy.createProxy(bodyOf("redis"));
    const fault = (status: number, error: string) => ({ status, body: { error, status } });
    expect(await ask(`${url}/proxies/none`, "GET")).to.deep.equal(fault(404, "proxy not found"));
    expect(await ask(`${url}/proxies/none`, "DELETE")).to.deep.equal(fault(404, "proxy not found"));
    expect(await ask(`${url}/proxies`, "POST", JSON.stringify(bodyOf("redis")))).to.deep.equal(fault(409, "proxy already exists"));
    expect(await ask(`${url}/proxies`, "POST", "{}")).to.deep.equal(fault(400, "missing required field: name"));
    expect(await ask(`${url}/proxies`, "POST", '{"name":"a"}')).to.deep.equal(fault(400, "missing required field: upstream"));
    expect((await ask(`${url}/proxies`, "POST", "{")).status).to.equal(400);
    const toxics = `${url}/proxies/redis/toxics`;
    expect(await ask(`${toxics}/none`, "GET")).to.deep.equal(fault(404, "toxic not found"));
    expect(await ask(toxics, "POST", '{"type":"none"}')).to.deep.equal(fault(400, "invalid toxic type"));
    const wrong = '{"type":"latency","stream":"sideways"}';
    expect(await ask(toxics, "POST", wrong)).to.deep.equal(fault(400, "stream was invalid, can be either upstream or downstream"));
    expect((await ask(toxics, "POST", '{"type":"latency","attributes":{"latency":"long"}}')).status).to.equal(400);
    expect((await ask(toxics, "POST", '{"type":"latency"}')).status).to.equal(200);
    expect(await ask(toxics, "POST", '{"type":"latency"}')).to.deep.equal(fault(409, "toxic already exists"));
    expect((await ask(`${toxics}/latency_downstream`, "PATCH", '{"attributes":{"latency":7}}')).body).to.deep.include({
      attributes: { latency: 7, jitter: 0 },
    });
    const populated = await ask(`${url}/populate`, "POST", '[{"name":"a","upstream":"b:1"},{"name":""}]');
    expect(populated).to.deep.equal(fault(400, "missing required field: name at proxy 2"));
    const taken = { ...bodyOf("taken"), listen: (await toxiproxy.get("redis")).listen };
    expect((await ask(`${url}/proxies`, "POST", JSON.stringify(taken))).status).to.equal(500);
    expect((await ask(`${url}/nowhere`, "GET")).status).to.equal(404);
    expect((await ask(`${url}/proxies`, "PUT")).status).to.equal(405);
  });

  it("leaves a proxy as it was when a change of it is refused", async () => {
    const { url } = server;
    const proxy = await toxiproxy.createProxy(bodyOf("redis"));
    const other = await toxiproxy.createProxy(bodyOf("other"));
    const before = (await ask(`${url}/proxies`, "GET")).body;
    for (const change of [{ listen: "nonsense" }, { listen: other.listen }, { upstream: "nonsense" }]) {
      expect((await ask(`${url}/proxies/redis`, "PATCH", JSON.stringify(change))).status, JSON.stringify(change)).to.equal(500);
      const populate = JSON.stringify([{ name: "redis", listen: proxy.listen, upstream: upstream.endpoint, ...change }]);
      expect((await ask(`${url}/populate`, "POST", populate)).status, populate).to.equal(500);
    }
    expect((await ask(`${url}/proxies`, "GET")).body).to.deep.equal(before);
    const socket = await connectTo(proxy.listen);
    socket.write("hello");
    expect(String((await once(socket, "data"))[0])).to.equal("hello");
    socket.destroy();
  });

  it("takes every whole number that toxiproxy takes", async () => {
    await toxiproxy.createProxy(bodyOf("redis"));
    const toxics = `${server.url}/proxies/redis/toxics`;
    for (const [type, given] of Object.entries(attributes)) {
      for (const value of [Number.MAX_SAFE_INTEGER, 2 ** 31, 0, -1]) {
        const huge = Object.fromEntries(Object.keys(given).map((name) => [name, value]));
        const added = await ask(toxics, "POST", JSON.stringify({ type, attributes: huge }));
        expect(added, type).to.deep.include({ status: 200 });
        expect(added.body).to.deep.include({ attributes: huge });
        expect((await ask(`${toxics}/${type}_downstream`, "DELETE")).status).to.equal(204);
      }
    }
  });

  it("reads the fields of a body as Go does, in any case of letters", async () => {
    const { url } = server;
    const made = await ask(`${url}/proxies`, "POST", JSON.stringify({ Name: "a", Upstream: upstream.endpoint, ENABLED: false }));
    expect(made).to.deep.include({ status: 201 });
    expect(made.body).to.deep.include({ name: "a", enabled: false });
    expect((await ask(`${url}/proxies`, "POST", "null")).body).to.deep.equal({ error: "missing required field: name", status: 400 });
    const toxic = await ask(`${url}/proxies/a/toxics`, "POST", JSON.stringify({ Type: "latency", stream: "Upstream" }));
    expect(toxic.body).to.deep.include({ stream: "Upstream", name: "latency_Upstream" });
    expect((await ask(`${url}/proxies/a/toxics/latency_Upstream`, "DELETE")).status).to.equal(204);
  });

  it("gives every answer an id", async () => {
    const ids = await Promise.all(
      ["/version", "/nowhere"].map(async (path) => (await fetch(`${server.url}${path}`)).headers.get("x-toxiproxy-request-id")),
    );
    expect(new Set(ids)).to.have.lengthOf(2).and.not.include(null);
  });

  it("refuses browsers", async () => {
    const response = await fetch(`${server.url}/proxies`, { headers: { "user-agent": "Mozilla/5.0" } });
    expect([response.status, await response.text()]).to.deep.equal([403, "User agent not allowed\n"]);
  });
});
