import { expect } from "chai";
import { connect as connectTls } from "node:tls";
import { of } from "rxjs";
import { definePlugin, METRICS, type PluginUse } from "sluice";
import { each } from "sluice/flow";
import { echo, http, tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { scrape, valueOf } from "../support/scrape.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { connect, freePort, readAll, readBytes } from "../support/sockets.ts";
import { startAdmin } from "../support/with-admin.ts";
import { plugin } from "../support/with-proxy.ts";

const double = definePlugin("double", () => ({ fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([chunk, chunk]))) }));

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: { readonly "200": { readonly content: object } };
}

describe("metrics of the admin server", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("are Prometheus text, count per listener and plugin use, and disappear with a listener or use that a reload removes", async () => {
    const listeners = { web: { listen: "tcp://127.0.0.1:0", plugins: [double(), echo()] } };
    const { proxy, api, port } = await startAdmin({ listeners });
    cleanup.add(() => proxy.close());
    const read = async (): Promise<{ lines: string[]; type: string }> => {
      const { body, headers } = await ask(api.port, { path: "/metrics", headers: { authorization: `Bearer ${api.token}` } });
      return { lines: body.split("\n"), type: String(headers["content-type"]) };
    };
    const socket = cleanup.keep(await connect(port()));
    socket.write("abc");
    await readBytes(socket, 6);
    const { lines, type } = await read();
    expect(type).to.match(/^text\/plain; version=0\.0\.4/);
    for (const line of [
      'sluice_sessions_total{listener="web"} 1',
      'sluice_sessions_active{listener="web"} 1',
      'sluice_sessions_per_generation{generation="1"} 1',
      'sluice_paused_flows{listener="web"} 0',
      'sluice_bytes_total{listener="web",leg="client",direction="receive"} 3',
      'sluice_bytes_total{listener="web",leg="client",direction="transmit"} 6',
      'sluice_plugin_bytes_total{listener="web",plugin="double",direction="fromClient",side="in"} 3',
      'sluice_plugin_bytes_total{listener="web",plugin="double",direction="fromClient",side="out"} 6',
      'sluice_plugin_chunks_total{listener="web",plugin="double",direction="fromUpstream",side="in"} 0',
      'sluice_plugin_errors_total{listener="web",plugin="double",action="close"} 0',
      'sluice_plugin_errors_total{listener="web",plugin="double",action="close",direction="fromClient"} 0',
      "# TYPE sluice_session_duration_seconds histogram",
      "sluice_generation 1",
      "sluice_series_left_out 0",
    ])
      expect(lines, line).to.include(line);
    for (const line of lines.filter((text) => text !== "" && !text.startsWith("#")))
      expect(line).to.match(/^[a-z_:][a-z0-9_:]*(\{.*\})? [-+0-9.einfEINF]+$/);
    await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } }, admin: { listen: "tcp://127.0.0.1:0" } });
    const after = (await read()).lines;
    expect(after).to.include('sluice_sessions_per_generation{generation="2"} 1');
    expect(after.filter((line) => line.includes('plugin="double"'))).to.deep.equal([]);
    expect(after).to.include('sluice_swaps_total{listener="web",result="ok"} 1');
  });

  it("count reloads by their result, and report the time of the last successful one", async () => {
    const before = Date.now() / 1000;
    const config = (plugins: readonly PluginUse[]) => ({
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } },
      admin: { listen: "tcp://127.0.0.1:0" },
    });
    const { proxy, api } = await startAdmin(config([echo()]));
    cleanup.add(() => proxy.close());
    const first = await scrape(api);
    expect(valueOf(first, "sluice_config_last_reload_successful")).to.equal(1);
    expect(valueOf(first, "sluice_config_last_reload_success_timestamp_seconds")).to.be.at.least(before);
    await proxy.apply(config([double(), echo()]));
    await proxy.apply({ nonsense: true }).catch(() => undefined);
    const bad = await scrape(api);
    expect(valueOf(bad, "sluice_config_last_reload_successful")).to.equal(0);
    expect(valueOf(bad, "sluice_reloads_total", { result: "applied" })).to.equal(1);
    expect(valueOf(bad, "sluice_reloads_total", { result: "refused" })).to.equal(1);
    expect([...bad.keys()], "a second counter of the same").not.to.contain("sluice_reloads_refused_total");
    expect(valueOf(bad, "sluice_reload_duration_seconds_count")).to.equal(1);
    await proxy.apply({ ...config([double({ name: "two" }), echo()]), reload: { trial: { share: 1, for: "1h" } } });
    await proxy.steering.restore(2);
    expect(valueOf(await scrape(api), "sluice_reloads_total", { result: "taken-back" })).to.equal(1);
    await proxy.apply(config([echo()]));
    expect(valueOf(await scrape(api), "sluice_config_last_reload_successful")).to.equal(1);
  });

  it("count the directions of sessions whose receiver takes no more", async () => {
    const upstream = cleanup.keep(await startUpstream((socket) => void socket.write(Buffer.alloc(64 * 1024 * 1024))));
    const { proxy, api, port } = await startAdmin({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: upstream.address } } });
    cleanup.add(() => proxy.close());
    const socket = cleanup.keep(await connect(port()));
    socket.pause();
    await eventually(async () => expect(valueOf(await scrape(api), "sluice_paused_flows", { listener: "web" })).to.equal(1));
  });

  it("count connections to the endpoints of the config, but have no label that a client chose", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const dead = await freePort();
    const elsewhere = plugin("elsewhere", {
      admit: (arrival, session) => {
        session.retarget(upstream.address);
        return arrival;
      },
    });
    const listeners = {
      web: { listen: "tcp://127.0.0.1:0", upstream: `127.0.0.1:${dead}` },
      ok: { listen: "tcp://127.0.0.1:0", upstream: upstream.address as string },
      chosen: { listen: "tcp://127.0.0.1:0", plugins: [elsewhere] },
    };
    const { proxy, api, port } = await startAdmin({ listeners });
    cleanup.add(() => proxy.close());
    for (const listener of ["web", "ok", "chosen"]) {
      const socket = cleanup.keep(await connect(port(listener)));
      socket.write("x");
      if (listener !== "web") await readBytes(socket, 1);
      else await readAll(socket);
    }
    const families = await scrape(api);
    const connects = "sluice_upstream_connects_total";
    expect(valueOf(families, connects, { listener: "web", endpoint: `127.0.0.1:${dead}`, result: "failed" })).to.equal(1);
    expect(valueOf(families, connects, { listener: "ok", endpoint: upstream.address as string, result: "ok" })).to.equal(1);
    expect(valueOf(families, connects, { listener: "chosen", endpoint: "_other", result: "ok" })).to.equal(1);
    expect(families.get(connects)?.series.filter(({ labels }) => labels["listener"] === "chosen")).to.have.length(2);
    expect(families.get("sluice_upstream_endpoint_healthy")?.series.map(({ labels }) => labels["listener"])).to.deep.equal(["web", "ok"]);
    expect(valueOf(families, "sluice_upstream_connect_duration_seconds_count", { listener: "ok" })).to.equal(1);
    expect(valueOf(families, "sluice_upstream_connect_duration_seconds_count", { listener: "web" })).to.equal(0);
    expect(valueOf(families, "sluice_upstream_ejections_total", { listener: "web" })).to.equal(0);
  });

  it("count datagrams, TLS handshakes and HTTP requests if there are any", async () => {
    const listeners = {
      dgram: { listen: "udp://127.0.0.1:0", plugins: [echo()] },
      safe: { listen: "tcp://127.0.0.1:0", plugins: [tlsTermination({ selfSigned: ["localhost"] }), echo()] },
      web: {
        listen: "tcp://127.0.0.1:0",
        upstream: "127.0.0.1:9",
        plugins: [plugin("hello", { exchange: () => of({ status: 200, headers: {}, body: "hi" }) }), http()],
      },
    };
    const { proxy, api, port } = await startAdmin({ listeners });
    cleanup.add(() => proxy.close());
    const datagrams = await startUdpClient(cleanup, port("dgram"));
    await datagrams.ask("one");
    await datagrams.ask("two");
    const secured = cleanup.keep(connectTls({ port: port("safe"), host: "127.0.0.1", rejectUnauthorized: false }));
    await eventOf(secured, "secureConnect");
    const plain = cleanup.keep(await connect(port("safe")));
    plain.write("this is no TLS at all");
    await readAll(plain);
    expect((await ask(port("web"), { path: "/secret?who=me" })).status).to.equal(200);
    expect((await ask(port("web"), { path: "/", method: "PROPFIND" })).status).to.equal(200);
    const families = await scrape(api);
    const passed = (leg: string, direction: string) => valueOf(families, "sluice_datagrams_total", { listener: "dgram", leg, direction });
    expect([passed("client", "receive"), passed("client", "transmit")]).to.deep.equal([2, 2]);
    expect(families.get("sluice_datagrams_total")?.series.some(({ labels }) => labels["listener"] !== "dgram")).to.equal(false);
    expect(valueOf(families, "sluice_datagrams_dropped_total", { reason: "buffer" })).to.equal(0);
    const shaken = (result: string) => valueOf(families, "sluice_tls_handshakes_total", { listener: "safe", result });
    expect([shaken("ok"), shaken("failed")]).to.deep.equal([1, 1]);
    const requests = "http_server_request_duration_seconds_count";
    expect(valueOf(families, requests, { listener: "web", http_request_method: "GET", http_response_status_code: "200" })).to.equal(1);
    expect(valueOf(families, requests, { listener: "web", http_request_method: "_OTHER", http_response_status_code: "200" })).to.equal(1);
    const certificates = families.get("sluice_tls_certificate_not_after_timestamp_seconds");
    // The config's name; every other text comes from clients.
    expect(certificates?.series.map(({ labels }) => labels)).to.deep.equal(
      ["localhost", "127.0.0.1", "::1"].map((name) => ({ listener: "safe", name })),
    );
    const text = JSON.stringify([...families.values()].filter((family) => family !== certificates));
    for (const never of ["secret", "PROPFIND", "localhost"]) expect(text, never).to.not.include(never);
  });

  it("are at most 2,000 series, and the omitted series are counted", async () => {
    const plugins = Array.from({ length: 60 }, (_, at) => double({ name: `double-${at}`, enabled: at % 2 === 0 }));
    const many = Array.from(
      { length: 4 },
      (_, at) => [`web${at}`, { listen: "tcp://127.0.0.1:0", plugins: [...plugins, echo()] }] as const,
    );
    const { proxy, api } = await startAdmin({ listeners: Object.fromEntries(many) });
    cleanup.add(() => proxy.close());
    const families = await scrape(api);
    const series = [...families.values()].reduce((sum, family) => sum + family.series.length, 0);
    expect(series).to.be.within(1_900, 2_000);
    expect(valueOf(families, "sluice_series_left_out")).to.be.greaterThan(0);
  });

  it("include what plugins count with METRICS, with labels and gauges", async () => {
    const counting = definePlugin("counting", (_options, inject) => {
      const metrics = inject(METRICS);
      const open = metrics.gauge("orders_open");
      return {
        fromClient: (data) => {
          open.set(7);
          return data.pipe(
            each((chunk) => {
              metrics.counter("orders_total", { kind: chunk.toString() === "n" ? "new" : "old" }).inc();
              return chunk;
            }),
          );
        },
      };
    });
    const { proxy, api, port } = await startAdmin({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [counting(), echo()] } } });
    cleanup.add(() => proxy.close());
    const socket = cleanup.keep(await connect(port()));
    for (const kind of ["n", "o", "n"]) {
      socket.write(kind);
      await readBytes(socket, 1);
    }
    const families = await scrape(api);
    expect(families.get("orders_open")?.type).to.equal("gauge");
    expect(valueOf(families, "orders_open")).to.equal(7);
    expect(valueOf(families, "orders_total", { kind: "new" })).to.equal(2);
    expect(valueOf(families, "orders_total", { kind: "old" })).to.equal(1);
    expect(proxy.status().counters).to.include({ 'orders_total{kind="new"}': 2 });
  });

  it("the API describes itself", async () => {
    const { proxy, api } = await startAdmin({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
    cleanup.add(() => proxy.close());
    const { openapi, paths } = await api.get<{ openapi: string; paths: Record<string, Record<string, Described>> }>("openapi.json");
    expect(openapi).to.equal("3.1.0");
    expect(paths["/api/v1/listeners/{listener}/plugins/{plugin}"]?.["patch"]?.operationId).to.equal("toggle_plugin");
    expect(paths["/api/v1/events"]?.["get"]?.responses["200"].content).to.have.all.keys("text/event-stream");
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { summary, responses }] of Object.entries(methods)) {
        expect(summary, `${method} ${path}`).to.match(/\.$/);
        expect(responses).to.include.keys("200");
      }
    const { components } = await api.get<{ components: { schemas: object } }>("openapi.json");
    const named = Array.from(JSON.stringify(paths).matchAll(/#\/components\/schemas\/(\w+)/g), ([, name]) => name);
    expect(components.schemas).to.include.keys(named);
    const reads = Object.entries(paths).filter(([path, methods]) => "get" in methods && !path.includes("{") && !path.endsWith("/events"));
    expect(reads.length).to.be.above(8);
    // What is described is there.
    for (const [path] of reads)
      expect((await ask(api.port, { path, headers: { authorization: `Bearer ${api.token}` } })).status, path).to.equal(200);
  });
});
