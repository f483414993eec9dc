import { expect } from "chai";
import picocolors from "picocolors";
import type { ListenerRates } from "../../../../core/admin/events/rates.ts";
import { ratesTable } from "../../../../core/cli/watch/rates-table.ts";

const flow = { bytes: 0, chunks: 0, bytesPerSecond: 1_000_000, chunksPerSecond: 9 };
const rates = (listener: string): ListenerRates => ({
  listener,
  sessions: 12_345_678,
  sessionsPerSecond: 12_345,
  errorsPerSecond: 12_345,
  waitingBytes: 1_000_000,
  fromClient: flow,
  fromUpstream: flow,
  plugins: [],
});

describe("the table of rates", () => {
  const lines = (columns: number, ...names: readonly string[]): string[] =>
    ratesTable(
      names.map((name) => rates(name)),
      picocolors.createColors(false),
      columns,
    );

  it("shows all figures in a terminal of 80 columns, whatever the names are", () => {
    const shown = lines(80, "web", "日本語のリスナー", "a".repeat(64));
    for (const line of shown.slice(1)) expect(line).to.match(/12345678 {2}12345\/s {2}12345\/s {4}977 KiB\/s {6}977 KiB\/s {3}977 KiB$/);
    expect(shown.map((line) => line.split(/ {2,}/)[1])).to.deep.equal(["listener", "web", "日本語のリ…", "aaaaaaaaaaa…"]);
  });

  it("shows whole names where there is room for them", () => {
    expect(lines(200, "a".repeat(64))[1]).to.include("a".repeat(64));
  });
});
