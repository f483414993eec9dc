import { expect } from "chai";
import { createProxy, definePlugin } from "sluice";
import { echo, http, logging, rateLimit, retry } from "sluice/plugins";
import { recordLog } from "../../../support/recorded-log.ts";

const listen = "tcp://127.0.0.1:0";
const upstream = "127.0.0.1:9";
const requests = rateLimit({ requests: { rate: 1 } });
const connections = rateLimit({ connections: { rate: 1 } });

describe("a plugin behind one that answers by itself", () => {
  it("is warned of when hooks of it are never called, at the start and by a reload, with its place and the remedy", async () => {
    const { logger, records } = recordLog();
    const proxy = await createProxy(
      { listeners: { web: { listen, upstream, plugins: [http(), retry(), requests, connections] } } },
      { logger },
    );
    const warnings = (): string[] => records.filter(({ level }) => level === 40).map(({ msg }) => String(msg));
    try {
      expect(warnings()).to.deep.equal([
        'listeners.web.plugins[1]: the hooks connect and exchange of "retry" are never called, as "http" in front of it answers: put it before "http", or leave it out',
        'listeners.web.plugins[2]: the hook exchange of "rateLimit" is never called, as "http" in front of it answers: put it before "http", or leave it out',
      ]);
      await proxy.apply({ listeners: { web: { listen, plugins: [echo(), retry({ enabled: false }), retry(), logging()] } } });
      expect(warnings().slice(2)).to.deep.equal([
        'listeners.web.plugins[2]: the hook connect of "retry-2" is never called, as "echo" in front of it answers: put it before "echo", or leave it out',
      ]);
    } finally {
      await proxy.close();
    }
  });

  it("is not warned of before it, with other hooks, or behind a plugin that answers only some sessions", async () => {
    const { logger, records } = recordLog();
    const some = definePlugin("some", () => ({ connect: (attempt) => attempt }));
    const listeners = {
      web: { listen, upstream, plugins: [logging(), requests, retry(), http(), connections] },
      other: { listen, upstream, plugins: [some(), retry()] },
    };
    const proxy = await createProxy({ listeners }, { logger });
    await proxy.close();
    expect(records.filter(({ level }) => level === 40)).to.deep.equal([]);
  });
});
