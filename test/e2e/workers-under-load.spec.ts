import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { LoadedWorkers } from "../support/loaded-workers.ts";

const saves = 12;

describe("two workers under load", function () {
  this.timeout(180_000);
  const cleanup = createCleanup();
  let proxy: LoadedWorkers;

  before(async () => {
    proxy = await LoadedWorkers.start(cleanup);
    await settled();
  });
  after(() => cleanup.run());

  /** Waits until all clients have had answers of the config in force. */
  const settled = async (): Promise<void> => {
    const { load } = proxy;
    await eventually(() => {
      const state = JSON.stringify({ letters: [...load.letters], unfinished: [...load.unfinished], failures: load.failures });
      expect([...load.letters.values()], state).to.deep.equal(Array(8).fill(proxy.letter));
      expect(load.flows.ports).to.have.length(6);
    });
  };
  const pids = async (): Promise<readonly number[]> => ((await proxy.status()).workers ?? []).map(({ pid }) => pid);
  const generations = async (): Promise<unknown> => {
    const { generation, workers = [] } = await proxy.status();
    return [generation, ...workers.map((worker) => worker.generation)];
  };

  it("applies one save after the other in both, and no exchange fails", async () => {
    const { load } = proxy;
    const [ports, before] = [load.flows.ports, load.exchanges];
    for (let save = 0; save < saves; save += 1) await proxy.save();
    await settled();
    expect(load.failures).to.deep.equal([]);
    expect(load.lost).to.equal(0);
    expect(load.exchanges).to.be.greaterThan(before);
    expect(await generations()).to.deep.equal([saves + 1, saves + 1, saves + 1]);
    expect(load.flows.ports).to.deep.equal(ports);
    expect(load.flows).to.include({ moved: 0, unanswered: 0 });
  });

  it("loses only the sessions of the killed worker, every time; UDP flows of another worker keep their ports", async () => {
    const { load } = proxy;
    const { flows } = load;
    const { ports, owner } = flows;
    for (let kill = 0; kill < 3; kill += 1) {
      const victim = (await pids()).find((pid) => pid !== owner) ?? 0;
      await proxy.kill(victim);
      await settled();
    }
    expect(load.failures).to.deep.equal([]);
    expect(load.lost).to.be.greaterThan(0);
    expect(await generations()).to.deep.equal([proxy.reloads + 1, proxy.reloads + 1, proxy.reloads + 1]);
    expect(flows.ports).to.deep.equal(ports);
    expect(flows).to.include({ moved: 0, unanswered: 0, owner });
  });

  it("continues UDP flows at another worker when their worker is killed, and saves take effect in all", async () => {
    const { load } = proxy;
    const { owner } = load.flows;
    await proxy.kill(owner);
    await eventually(() => expect(load.flows.owner).not.to.equal(owner), { within: 30_000, what: "another owner" });
    expect(await pids()).to.include(load.flows.owner);
    await proxy.save();
    await settled();
    expect(load.failures).to.deep.equal([]);
    expect(await generations()).to.deep.equal([proxy.reloads + 1, proxy.reloads + 1, proxy.reloads + 1]);
  });
});
