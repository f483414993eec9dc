import { expect } from "chai";
import { Subject } from "rxjs";
import type { Measured } from "../../../../../core/admin/metrics/measured.ts";
import { ReloadCounts } from "../../../../../core/runtime/state/reload-counts.ts";
import { LastCounts } from "../../../../../core/workers/first/answers/last-counts.ts";
import { mergedMetrics } from "../../../../../core/workers/first/answers/merged-metrics.ts";

type Counts = Readonly<Record<string, number>>;

describe("the counters of several workers", () => {
  const own = { counters: {}, startedAt: 0, reloads: new ReloadCounts(new Subject()) };
  const of = (name: string, type: Measured["type"], counts: Counts): Measured => ({
    name,
    type,
    help: "",
    labels: ["listener"],
    values: Object.entries(counts).map(([listener, value]) => ({ value, labels: { listener } })),
  });
  const counted = (counts: Counts): readonly Measured[] => [of("total", "counter", counts), of("active", "gauge", counts)];

  /** Workers whose answers are merged, and what comes of them by metric and listener. */
  function workers(): { one: { isGone: boolean }; two: { isGone: boolean }; scrape: (answers: [{ isGone: boolean }, Counts][]) => object } {
    const last = new LastCounts();
    return {
      one: { isGone: false },
      two: { isGone: false },
      scrape: (answers) => {
        const told = new Map(answers.map(([worker, counts]) => [worker, counted(counts)]));
        const merged = mergedMetrics([...told.values()], own, last.besides(told));
        const entries = merged.filter(({ name }) => ["total", "active"].includes(name));
        return Object.fromEntries(
          entries.map(({ name, values }) => [name, Object.fromEntries(values.map(({ value, labels }) => [labels?.["listener"], value]))]),
        );
      },
    };
  }

  it("do not fall when a worker dies: what it had counted stays, what it had open does not", () => {
    const { one, two, scrape } = workers();
    expect(
      scrape([
        [one, { web: 5 }],
        [two, { web: 7 }],
      ]),
    ).to.deep.equal({ total: { web: 12 }, active: { web: 12 } });
    two.isGone = true;
    expect(scrape([[one, { web: 6 }]])).to.deep.equal({ total: { web: 13 }, active: { web: 6 } });
    expect(
      scrape([
        [one, { web: 6 }],
        [{ isGone: false }, { web: 1 }],
      ]),
    ).to.deep.equal({ total: { web: 14 }, active: { web: 7 } });
  });

  it("do not fall when a worker does not answer once, and count it once when it answers again", () => {
    const { one, two, scrape } = workers();
    scrape([
      [one, { web: 5 }],
      [two, { web: 7 }],
    ]);
    expect(scrape([[one, { web: 5 }]])).to.deep.include({ total: { web: 12 } });
    expect(scrape([])).to.deep.equal({});
    expect(
      scrape([
        [one, { web: 5 }],
        [two, { web: 8 }],
      ]),
    ).to.deep.include({ total: { web: 13 } });
  });

  it("forget with a listener what a worker that died had counted of it", () => {
    const { one, two, scrape } = workers();
    scrape([
      [one, { web: 1, gone: 1 }],
      [two, { web: 1, gone: 9 }],
    ]);
    two.isGone = true;
    expect(scrape([[one, { web: 1 }]])).to.deep.include({ total: { web: 2 } });
    expect(scrape([[one, { web: 1, gone: 2 }]])).to.deep.include({ total: { web: 2, gone: 2 } });
  });
});
