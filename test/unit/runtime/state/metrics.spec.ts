import { expect } from "chai";
import { createMetrics } from "../../../../core/runtime/state/metrics.ts";

describe("metrics of plugins", () => {
  it("are one counter for each name, for all plugins that ask for it", () => {
    const metrics = createMetrics();
    metrics.counter("orders_total").inc();
    metrics.counter("orders_total").inc(2);
    expect(metrics.counter("orders_total").value).to.equal(3);
    expect(metrics.snapshot()).to.deep.equal({ orders_total: 3 });
  });

  it("have a series for each set of labels, in any order", () => {
    const metrics = createMetrics();
    metrics.counter("orders_total", { kind: "new", shop: 'a"b' }).inc();
    metrics.counter("orders_total", { shop: 'a"b', kind: "new" }).inc();
    metrics.counter("orders_total", { kind: "old", shop: "c" }).inc();
    expect(metrics.snapshot()).to.deep.equal({
      'orders_total{kind="new",shop="a\\"b"}': 2,
      'orders_total{kind="old",shop="c"}': 1,
    });
    expect(metrics.series().map(({ labels, value }) => ({ labels, value }))).to.deep.equal([
      { labels: { kind: "new", shop: 'a"b' }, value: 2 },
      { labels: { kind: "old", shop: "c" }, value: 1 },
    ]);
  });

  it("go up and down as gauges, which a snapshot of counters leaves out", () => {
    const metrics = createMetrics();
    const open = metrics.gauge("orders_open");
    open.set(5);
    open.inc();
    open.dec(4);
    expect([open.value, metrics.gauge("orders_open").value]).to.deep.equal([2, 2]);
    expect(metrics.snapshot()).to.deep.equal({});
    expect(metrics.series()).to.have.length(1);
  });

  for (const [what, ask, said] of [
    ["a name that is none", (it) => it.counter("orders total"), /"orders total" is no name/],
    ["a label that is none", (it) => it.counter("orders", { "the-kind": "a" }), /"the-kind" is no label/],
    ["a label that Prometheus keeps for itself", (it) => it.counter("orders", { le: "a" }), /"le" is no label/],
    ["another type", (it) => it.gauge("known_total", { kind: "a" }), /known_total is a counter with the labels kind, not a gauge/],
    ["other labels", (it) => it.counter("known_total"), /known_total is a counter with the labels kind, not a counter with no labels/],
  ] as readonly [string, (metrics: ReturnType<typeof createMetrics>) => unknown, RegExp][])
    it(`refuse ${what}`, () => {
      const metrics = createMetrics();
      metrics.counter("known_total", { kind: "a" });
      expect(() => ask(metrics))
        .to.throw(said)
        .with.property("code", "SLUICE_PLUGIN_ARGUMENT");
    });

  it("are 1,000 series at most: further series are not shown, and their number is counted", () => {
    const metrics = createMetrics();
    for (let at = 0; at < 1_010; at += 1) metrics.counter("orders_total", { at: String(at) }).inc();
    expect(metrics.series()).to.have.length(1_001);
    expect(metrics.counter("sluice_plugin_series_refused_total").value).to.equal(10);
  });
});
