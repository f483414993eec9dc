import { expect } from "chai";
import { EMPTY } from "rxjs";
import { createProxy, definePlugin, type FunctionPlugin } from "sluice";
import { echo } from "sluice/plugins";
import { recordLog } from "../../../support/recorded-log.ts";
import { plugin, startProxy } from "../../../support/with-proxy.ts";

const listen = "tcp://127.0.0.1:0";
const changing: FunctionPlugin = { fromClient: (data) => data };

describe("a listener without an upstream", () => {
  it("is warned of when none of its plugins can answer, at the start and by a reload that makes it so", async () => {
    const { logger, records } = recordLog();
    const config = { mute: { listen, plugins: [plugin("changing", changing)] }, web: { listen, plugins: [echo()] } };
    const proxy = await createProxy({ listeners: config }, { logger });
    const warnings = (): string[] => records.filter(({ level }) => level === 40).map(({ msg }) => String(msg));
    try {
      expect(warnings()).to.have.lengthOf(1);
      expect(warnings()[0])
        .to.match(/^listeners\.mute: has no upstream/)
        .and.include("SLUICE_UPSTREAM_MISSING");
      await proxy.apply({ listeners: { web: { listen } } });
      expect(warnings()).to.have.lengthOf(2);
      expect(warnings()[1]).to.match(/^listeners\.web: has no upstream/);
    } finally {
      await proxy.close();
    }
  });

  it("is not warned of when it has an upstream, or a plugin that may answer, retarget or reject", async () => {
    const odd = definePlugin("odd", () => ({ admit: () => EMPTY }));
    const started = await startProxy({
      listeners: {
        forwarding: { listen, upstream: "127.0.0.1:9" },
        answering: { listen, plugins: [echo()] },
        rejecting: { listen, plugins: [odd()] },
      },
    });
    expect(started.all("warning")).to.deep.equal([]);
    await started.proxy.close();
  });
});
