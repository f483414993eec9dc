import { expect } from "chai";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http2";
import { map, tap } from "rxjs";
import type { PluginUse, UpstreamConfig } from "sluice";
import { http, retry, tlsTermination, tracing } from "sluice/plugins";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpUpstream, telling, type Told } from "../support/http-upstream.ts";
import { childrenOf, setVariables, startCollector, type OtlpCollector } from "../support/otlp-collector.ts";
import type { ReceivedSpan } from "../support/otlp-traces.ts";
import { connect, freePort, portOf } from "../support/sockets.ts";
import { plugin, startProxy, type TestProxy } from "../support/with-proxy.ts";

const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;
const trace = "0af7651916cd43dd8448eb211c80319c";
const clientSpan = "b7ad6b7169203331";
const traceparent = `00-${trace}-${clientSpan}-01`;

const sentBy = ({ traceId, spanId }: ReceivedSpan): string => `00-${traceId}-${spanId}-01`;
const servers = (spans: readonly ReceivedSpan[]): ReceivedSpan[] => spans.filter(({ kind }) => kind === SERVER);

describe("tracing() of HTTP requests", () => {
  const cleanup = createCleanup();
  let collector: OtlpCollector;
  beforeEach(async () => {
    collector = await startCollector(cleanup);
  });
  afterEach(() => cleanup.run());

  const start = async (upstream: UpstreamConfig, around: (use: PluginUse) => readonly PluginUse[] = (use) => [use]): Promise<TestProxy> => {
    const plugins = [...around(tracing({ endpoint: collector.url })), http()];
    return cleanup.keep(await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream, plugins } } }));
  };

  /** All spans, once the proxy is closed. */
  const spansOf = async ({ proxy }: TestProxy): Promise<readonly ReceivedSpan[]> => {
    await proxy.close();
    return collector.spans;
  };

  it("continues the client's trace, and sends the id of the try to the upstream", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const started = await start(upstream.endpoint);
    const { told } = await ask(started.port(), {
      path: "/a/b?q=1&access_token=hidden",
      headers: { traceparent, tracestate: "vendor=1", host: "shop.test:81", "user-agent": "test/1", cookie: "secret=1" },
    });
    const spans = await spansOf(started);
    const [server, ...more] = servers(spans);
    if (server === undefined) throw new Error("no span came");
    expect(more).to.deep.equal([]);
    expect(server).to.deep.include({ name: "GET", traceId: trace, parentSpanId: clientSpan, status: { code: 0, message: "" } });
    expect(server.attributes).to.include({
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "url.scheme": "http",
      "url.path": "/a/b",
      "url.query": "q=1&access_token=REDACTED",
      "server.address": "shop.test",
      "server.port": 81,
      "client.address": "127.0.0.1",
      "network.peer.address": "127.0.0.1",
      "network.protocol.name": "http",
      "network.protocol.version": "1.1",
      "user_agent.original": "test/1",
      "sluice.listener": "web",
    });
    expect(server.attributes).to.not.have.property("error.type");
    const [child, ...others] = childrenOf(server, spans);
    if (child === undefined) throw new Error("no try came");
    expect(others).to.deep.equal([]);
    expect(child).to.deep.include({ name: "GET", kind: CLIENT, traceId: trace, status: { code: 0, message: "" } });
    expect(child.attributes).to.deep.equal({
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "server.port": upstream.port,
      "url.full": `http://${upstream.endpoint}/a/b?q=1&access_token=REDACTED`,
    });
    expect(told.headers["traceparent"]).to.equal(sentBy(child));
    expect(told.headers["tracestate"]).to.equal("vendor=1");
    expect(JSON.stringify(spans)).to.not.include("hidden").and.not.include("secret");
  });

  it("gives the IPv6 address of a Host without its brackets", async () => {
    const started = await start((await startHttpUpstream(cleanup)).endpoint);
    await ask(started.port(), { path: "/", headers: { host: "[::1]:81" } });
    const [server] = servers(await spansOf(started));
    expect(server?.attributes).to.include({ "server.address": "::1", "server.port": 81 });
  });

  for (const [order, around] of [
    ["in front of", (use: PluginUse) => [use, retry({ delay: 0 })]],
    ["behind", (use: PluginUse) => [retry({ delay: 0 }), use]],
    ["without", (use: PluginUse) => [use]],
  ] as const)
    it(`has one child per try, each with its own id, ${order} retry()`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const refused = `127.0.0.1:${await freePort()}`;
      const started = await start({ endpoints: [refused, upstream.endpoint], balance: "round-robin" }, around);
      const { told, status } = await ask(started.port(), { headers: { traceparent } });
      expect(status).to.equal(200);
      const spans = await spansOf(started);
      const [server] = servers(spans);
      const tries = childrenOf(server as ReceivedSpan, spans);
      expect(
        tries.map(({ attributes, status: { code } }) => [attributes["error.type"], attributes["http.request.resend_count"], code]),
      ).to.deep.equal([
        ["SLUICE_UPSTREAM_REFUSED", undefined, ERROR],
        [undefined, 1, 0],
      ]);
      expect(told.headers["traceparent"]).to.equal(sentBy(tries[1] as ReceivedSpan));
      expect(server?.status.code).to.equal(0);
    });

  it("traces HTTP/2 over TLS, also to an HTTP/2 upstream", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer();
    server.on("session", (session) => cleanup.add(() => session.destroy()));
    server.on("stream", (stream, headers) => {
      seen.push(headers);
      stream.respond({ ":status": 200 });
      stream.end("good");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanup.add(() => void server.close());
    const plugins = [
      tlsTermination({ ...(await createCertificate("localhost")), alpn: ["h2"] }),
      tracing({ endpoint: collector.url }),
      http({ routes: [{ upstream: { endpoints: [`127.0.0.1:${portOf(server)}`], http: "2" } }] }),
    ];
    const started = cleanup.keep(await startProxy({ listeners: { web: { listen: "tls://127.0.0.1:0", plugins } } }));
    const session = openHttp2(cleanup, started.port(), "https");
    await Promise.all(["/1", "/2"].map((path) => askOn(session, { ":path": path, traceparent })));
    session.destroy();
    const spans = await spansOf(started);
    expect(servers(spans)).to.have.lengthOf(2);
    for (const own of servers(spans)) {
      expect(own.attributes).to.include({ "network.protocol.version": "2", "url.scheme": "https", "server.address": "localhost" });
      expect([own.traceId, own.parentSpanId]).to.deep.equal([trace, clientSpan]);
      const [child] = childrenOf(own, spans);
      const asked = seen.find((headers) => headers[":path"] === own.attributes["url.path"]);
      expect(asked?.["traceparent"]).to.equal(sentBy(child as ReceivedSpan));
    }
  });

  it("samples as the parent says, and passes the context on even if nothing is recorded", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const plugins = (sample: number): PluginUse[] => [tracing({ endpoint: collector.url, sample }), http()];
    const listener = (sample: number): object => ({ listen: "tcp://127.0.0.1:0", upstream: upstream.endpoint, plugins: plugins(sample) });
    const started = await startProxy({ listeners: { none: listener(0), all: listener(1) } } as Parameters<typeof startProxy>[0]);
    cleanup.add(() => started.proxy.close());
    const asked = async (name: string, headers: Record<string, string>): Promise<string> =>
      String((await ask(started.port(name), { headers })).told.headers["traceparent"]);
    const unrecorded = await asked("all", { traceparent: `00-${trace}-${clientSpan}-00` });
    expect(unrecorded).to.match(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`));
    expect(unrecorded).to.not.include(clientSpan);
    const recorded = await asked("none", { traceparent });
    expect(recorded).to.match(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(await asked("none", {})).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    // No context, and none that can be read: a trace begins here.
    const malformed = await asked("all", { traceparent: "00-zz-1-01", tracestate: "vendor=1" });
    expect(malformed).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const spans = await spansOf(started);
    expect(servers(spans).map(({ traceId }) => traceId)).to.have.members([trace, malformed.slice(3, 35)]);
  });

  it("distinguishes errors of upstreams and of the proxy from errors of clients", async () => {
    const upstream = await startHttpUpstream(cleanup, (request, response) => {
      response.statusCode = Number(request.url?.slice(1));
      response.end();
    });
    const started = await start(upstream.endpoint);
    for (const path of ["/404", "/503"]) await ask(started.port(), { path });
    await upstream.close();
    await ask(started.port(), { path: "/gone" });
    await ask(started.port(), { method: "BREW", path: "/pot" });
    const spans = await spansOf(started);
    const [missing, broken, gone, brew] = servers(spans);
    const facts = (span: ReceivedSpan | undefined): unknown[] => [
      span?.attributes["http.response.status_code"],
      span?.attributes["error.type"],
      span?.status.code,
    ];
    expect(facts(missing)).to.deep.equal([404, undefined, 0]);
    expect(facts(childrenOf(missing as ReceivedSpan, spans)[0])).to.deep.equal([404, "404", ERROR]);
    expect(facts(broken)).to.deep.equal([503, "503", ERROR]);
    expect(facts(gone)).to.deep.equal([502, "SLUICE_UPSTREAM_REFUSED", ERROR]);
    expect(brew?.name).to.equal("HTTP");
    expect(brew?.attributes).to.include({ "http.request.method": "_OTHER", "http.request.method_original": "BREW" });
  });

  it("has events for a swap and a fault while a request is open, and loses no field of a request", async () => {
    let answer = (): void => undefined;
    const upstream = await startHttpUpstream(cleanup, (_request, response) => {
      response.write("begin");
      answer = () => void response.end();
    });
    const config = (letter: string): Parameters<typeof startProxy>[0] => {
      const mark = plugin("mark", {
        exchange: (attempt, request) =>
          attempt.pipe(
            tap(() => {
              if (request.url === "/fail") throw new Error(`boom ${letter}`);
            }),
            map((response) => ({ ...response, headers: { ...response.headers, "x-mark": letter } })),
          ),
      });
      const plugins = [tracing({ endpoint: collector.url }), mark, http({ routes: [{ upstream: upstream.endpoint }] })];
      return { listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } };
    };
    const started = cleanup.keep(await startProxy(config("a")));
    const client = cleanup.keep(await connect(started.port()));
    client.write("GET /open HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(client, "data");
    await started.proxy.apply(config("b"));
    answer();
    await once(client, "data");
    client.destroy();
    const failing = ask(started.port(), { path: "/fail" });
    expect((await failing).status).to.equal(500);
    const spans = await spansOf(started);
    const of = (path: string): ReceivedSpan | undefined => servers(spans).find(({ attributes }) => attributes["url.path"] === path);
    expect(of("/open")?.events).to.deep.equal([{ name: "swap", attributes: { "sluice.generation": 2 } }]);
    const [fault] = of("/fail")?.events ?? [];
    expect(fault?.name).to.equal("fault");
    expect(fault?.attributes).to.include({ "sluice.plugin": "mark", "error.type": "SLUICE_PLUGIN_FAILED" });
    expect(of("/fail")?.attributes["error.type"]).to.equal("SLUICE_PLUGIN_FAILED");
    expect(of("/fail")?.status.code).to.equal(ERROR);
    expect(servers(spans)).to.have.lengthOf(2);
  });

  it("has a span of the session if no request came", async () => {
    const started = await start("127.0.0.1:9");
    const client = cleanup.keep(await connect(started.port()));
    client.end("no request\r\n\r\n");
    await once(client.resume(), "close");
    await started.ended();
    const [session, ...more] = await spansOf(started);
    expect(session?.name).to.equal("tcp web");
    expect(more).to.deep.equal([]);
  });

  it("obeys the environment variables: service, JSON, no propagation", async () => {
    setVariables(cleanup, {
      OTEL_SERVICE_NAME: "edge",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_PROPAGATORS: "none",
      OTEL_BSP_SCHEDULE_DELAY: "5",
    });
    const upstream = await startHttpUpstream(cleanup, telling());
    const plugins = [tracing(), http({ routes: [{ upstream: upstream.endpoint }] })];
    const started = cleanup.keep(await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } }));
    const told: Told = (await ask(started.port(), { headers: { traceparent } })).told;
    expect(told.headers["traceparent"]).to.equal(traceparent);
    const [first] = await collector.received(2);
    expect(collector.asked[0]).to.equal("/v1/traces application/json");
    expect(first?.resource).to.include({ "service.name": "edge", "deployment.environment.name": "test" });
    expect(servers(collector.spans).map(({ parentSpanId }) => parentSpanId)).to.deep.equal([""]);
  });

  it("sends nothing and loads nothing if the environment variables say so", async () => {
    setVariables(cleanup, { OTEL_SDK_DISABLED: "true" });
    const upstream = await startHttpUpstream(cleanup);
    const started = await start(upstream.endpoint);
    const { told } = await ask(started.port(), { headers: { traceparent } });
    expect(told.headers["traceparent"]).to.equal(traceparent);
    expect(await spansOf(started)).to.deep.equal([]);
  });
});
