import { expect } from "chai";
import { SluiceError, type ProxyEvent } from "sluice";
import { createEventLog } from "../../../../core/runtime/log/log-events.ts";
import { root } from "../../../support/repository.ts";
import { recordLog } from "../../../support/recorded-log.ts";

const where = `${root}test/unit/runtime/log/log-events.spec.ts:3:1`;
const fault = (detail: string): ProxyEvent => ({
  type: "plugin-fault",
  listener: "web",
  plugin: "boom",
  session: undefined,
  error: new SluiceError("SLUICE_PLUGIN_FAILED", detail, { where, cause: new Error("x") }),
});

const readers = (isReadable: boolean) => ({ isReadable: () => isReadable, isAnnounced: () => false });

describe("the log of a plugin's faults", () => {
  it("has the same fault once, and at the end how often it came", () => {
    const { logger, records } = recordLog();
    const log = createEventLog(logger, readers(false));
    for (let count = 0; count < 1000; count++) log(fault("a"));
    log(fault("b"));
    expect(records.map(({ code }) => code)).to.deep.equal(["SLUICE_PLUGIN_FAILED", "SLUICE_PLUGIN_FAILED"]);
    log({ type: "closed" });
    expect(records).to.have.length(3);
    expect(records[2]).to.include({ listener: "web", plugin: "boom", where, count: 999 });
    expect(records[2]?.["msg"]).to.match(/: 999 more times$/);
  });

  it("is bounded, however many different faults there are", () => {
    const { logger, records } = recordLog();
    const log = createEventLog(logger, readers(false));
    for (let count = 0; count < 1000; count++) log(fault(`fault ${count}`));
    log({ type: "closed" });
    expect(records).to.have.length.below(100);
    const told = records.reduce((sum, { count }) => sum + ((count as number | undefined) ?? 1), 0);
    expect(told).to.equal(1000);
  });

  it("has the stack on debug, and the lines around the place for people", () => {
    const info = recordLog("info");
    createEventLog(info.logger, readers(true))(fault("a"));
    expect(info.records[0]).to.not.have.property("stack");
    expect(info.records[0]?.["frame"]).to.match(/^> 3 \| import \{ createEventLog/m);
    const debug = recordLog("debug");
    createEventLog(debug.logger, readers(false))(fault("a"));
    expect(debug.records[0]?.["stack"]).to.match(/^Error: x\n {4}at /);
    expect(debug.records[0]).to.not.have.property("frame");
  });
});
