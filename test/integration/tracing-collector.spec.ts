import { expect } from "chai";
import type { ServerResponse } from "node:http";
import type { PluginUse } from "sluice";
import { echo, tracing } from "sluice/plugins";
import { startProxy, type TestProxy } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { roots, setVariables, startCollector } from "../support/otlp-collector.ts";
import { refusalOf } from "../support/rejection.ts";
import { freePort } from "../support/sockets.ts";

describe("tracing() and its collector", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const start = async (use: PluginUse): Promise<TestProxy> => cleanup.keep(await startProxy({ plugins: [use, echo()] }));

  const session = async (proxy: TestProxy): Promise<void> => {
    const client = await proxy.connect();
    client.end("x");
    expect(String(await client.readAll())).to.equal("x");
    await proxy.nextRecord();
  };

  const counted = ({ proxy }: TestProxy): Readonly<Record<string, number>> => {
    const own = proxy.status().counters;
    return Object.fromEntries(Object.entries(own).filter(([name]) => name.startsWith("sluice_trace_")));
  };

  it("that is down does not affect sessions: spans are kept up to a limit, then dropped and counted", async () => {
    setVariables(cleanup, { OTEL_BSP_MAX_QUEUE_SIZE: "3", OTEL_BSP_SCHEDULE_DELAY: "3600000" });
    const proxy = await start(tracing({ endpoint: `http://127.0.0.1:${await freePort()}` }));
    for (let count = 0; count < 5; count += 1) await session(proxy);
    expect(counted(proxy)).to.include({ 'sluice_trace_spans_dropped_total{reason="queue"}': 2, sluice_trace_spans_exported_total: 0 });
    await proxy.close();
    expect(counted(proxy)).to.deep.equal({
      'sluice_trace_spans_dropped_total{reason="queue"}': 2,
      'sluice_trace_spans_dropped_total{reason="export"}': 0,
      'sluice_trace_spans_dropped_total{reason="shutdown"}': 3,
      sluice_trace_spans_exported_total: 0,
    });
    expect(proxy.log.filter(({ msg }) => msg === "spans were lost: the collector did not take them before the end")).to.have.lengthOf(1);
  });

  it("that refuses spans is logged once, and once more when it accepts spans again", async () => {
    setVariables(cleanup, { OTEL_BSP_SCHEDULE_DELAY: "5" });
    let refuses = true;
    const collector = await startCollector(cleanup, (_request, response) => {
      if (refuses) response.writeHead(401).end();
      return refuses;
    });
    const proxy = await start(tracing({ endpoint: collector.url }));
    for (let count = 1; count <= 2; count += 1) {
      await session(proxy);
      await eventually(() => expect(counted(proxy)['sluice_trace_spans_dropped_total{reason="export"}']).to.equal(count));
    }
    refuses = false;
    await session(proxy);
    await eventually(() => expect(counted(proxy)["sluice_trace_spans_exported_total"]).to.equal(1));
    const said = proxy.log.map(({ msg }) => String(msg)).filter((text) => text.startsWith("the collector"));
    expect(said).to.deep.equal(["the collector takes no spans: they are lost until it does", "the collector takes spans again"]);
  });

  it("that never answers delays no session, and delays close() only for a limited time", async () => {
    const waiting: ServerResponse[] = [];
    const collector = await startCollector(cleanup, (_request, response) => waiting.push(response) > 0);
    const proxy = await start(tracing({ endpoint: collector.url }));
    await session(proxy);
    await proxy.close();
    expect(waiting).to.have.lengthOf(1);
    expect(counted(proxy)).to.include({ 'sluice_trace_spans_dropped_total{reason="shutdown"}': 1 });
  });

  it("is shared by listeners with the same options, and closed by its last user", async () => {
    const collector = await startCollector(cleanup);
    const use = (): PluginUse => tracing({ endpoint: collector.url });
    const listener = (): { plugins: PluginUse[] } => ({ plugins: [use(), echo()] });
    const proxy = cleanup.keep(await startProxy({ listeners: { one: listener(), two: listener() } }));
    for (const name of ["one", "two"]) {
      const client = await proxy.connect(name);
      client.end("x");
      await client.readAll();
      await proxy.nextRecord();
    }
    await proxy.apply({ listeners: { one: listener() } });
    const client = await proxy.connect("one");
    client.end("x");
    await client.readAll();
    await proxy.close();
    expect(roots(collector.spans).map(({ name }) => name)).to.have.members(["tcp one", "tcp two", "tcp one"]);
    expect(counted(proxy)).to.include({ sluice_trace_spans_exported_total: 3 });
  });

  const wrong: readonly [Parameters<typeof tracing>[0], Readonly<Record<string, string>>, RegExp][] = [
    [{ sample: 2 }, {}, /sample/],
    [{ sample: -1 }, {}, /sample/],
    [{ endpoint: "collector:4318" }, {}, /endpoint.*http:\/\/host:port/],
    [{ endpoint: "grpc://collector" }, {}, /endpoint/],
    [{}, { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /OTEL_EXPORTER_OTLP_PROTOCOL: expected "http\/protobuf" or "http\/json", got "grpc"/],
    [{}, { OTEL_TRACES_EXPORTER: "zipkin" }, /OTEL_TRACES_EXPORTER: expected "otlp" or "none", got "zipkin"/],
    [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4318" }, /OTEL_EXPORTER_OTLP_ENDPOINT: expected "http:\/\/host:port"/],
    [{}, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "collector" }, /OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: expected "http:\/\/host:port"/],
    [{}, { OTEL_TRACES_SAMPLER: "always" }, /OTEL_TRACES_SAMPLER: expected one of always_on, .*, got "always"/],
    [{}, { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "7" }, /OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1/],
  ];
  for (const [options, variables, message] of wrong)
    it(`is refused with ${JSON.stringify({ ...options, ...variables })}`, async () => {
      setVariables(cleanup, variables);
      const error = await refusalOf(startProxy({ plugins: [tracing(options), echo()] }));
      expect(error.code).to.equal("SLUICE_CONFIG_INVALID");
      expect(String(error)).to.match(message);
    });
});
