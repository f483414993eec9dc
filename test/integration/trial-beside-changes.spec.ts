import { expect } from "chai";
import type { Socket } from "node:net";
import type { Session } from "sluice";
import { echo } from "sluice/plugins";
import type { TrialConfig } from "../../core/contract/events/trial.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { answer, answers, clients, config, fail, mark, start } from "../support/on-trial.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("a save on trial, together with other changes", () => {
  it("is replaced by the next save, which is tried instead", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    const open = await clients(cleanup, started, 4);
    await started.proxy.apply(config({ plugins: [mark("B")] }));
    await started.proxy.apply(config({ plugins: [mark("C")] }));
    expect(await answers(open)).to.equal("CACA");
    expect((await started.event("taken-back")).reason).to.equal("generation 3 came");
    await started.proxy.steering.accept(3);
    expect(await answers(open)).to.equal("CCCC");
    expect(started.proxy.generation).to.equal(3);
  });

  it("continues when another save is refused", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    const open = await clients(cleanup, started, 2);
    await started.proxy.apply(config({ plugins: [mark("B")] }));
    const broken = mark("C", {
      setup: () => {
        throw new Error("no");
      },
    });
    await started.proxy.apply(config({ plugins: [broken] })).then(
      () => expect.fail("it was not refused"),
      () => undefined,
    );
    expect(await answers(open)).to.equal("BA");
  });

  it("is tried again with an override, which applies to all sessions at once", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    const open = await clients(cleanup, started, 2);
    await started.proxy.apply(config({ plugins: [mark("B")] }));
    await started.proxy.steering.override({ listener: "web", plugin: "mark" }, { enabled: false });
    const socket = cleanup.keep(await connect(started.port("web")));
    for (const each of [...open, socket]) each.write("xx");
    expect(String(await readBytes(socket, 2))).to.equal("xx");
    // The use is off in the save too: nothing of its pipeline is left to try, and it is applied.
    await started.event("reloaded", ({ origin }) => origin === "config");
    expect(started.proxy.status().overrides).to.have.length(1);
  });

  it("applies changes that cannot be divided only when it is accepted, but reports a later refusal at once", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    const taken = started.port("web");
    const more = (listen: string, letter = "B") => ({
      reload: { trial: { share: 0.5, for: "1h" } },
      listeners: { web: config({ plugins: [mark(letter)] }).listeners.web, more: { listen, plugins: [echo()] } },
    });
    const other = cleanup.keep(await startProxy({ listeners: { other: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } }));
    const error: unknown = await started.proxy.apply(more(`tcp://127.0.0.1:${other.port()}`)).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "SLUICE_ADDRESS_IN_USE");
    expect(started.proxy.trial).to.equal(undefined);
    await started.proxy.apply(more("tcp://127.0.0.1:0"));
    expect(Object.keys(started.proxy.listeners)).to.deep.equal(["web"]);
    await started.proxy.steering.accept(2);
    expect(Object.keys(started.proxy.listeners)).to.deep.equal(["web", "more"]);
    expect(started.port("web")).to.equal(taken);
  });

  it("is applied at once if it has nothing to try: same plugins, or a listener without a trial", async () => {
    const same = mark("A");
    const started = await start(cleanup, { plugins: [same] });
    const limits = await started.proxy.apply({ ...config({ plugins: [same] }), limits: { sessions: 100 } });
    expect([limits.generation, limits.trial, started.proxy.generation]).to.deep.equal([2, undefined, 2]);
    const off = await started.proxy.apply({ ...config({ plugins: [mark("B")] }), reload: {} });
    expect([off.generation, off.trial, started.proxy.generation]).to.deep.equal([3, undefined, 3]);
  });

  it("changes open sessions only if reload.sessions includes them, and ends sessions only after it is accepted", async () => {
    const policy = (letter: string, sessions: "keep" | "close") => {
      const { listeners } = config({ plugins: [mark(letter)] });
      return { listeners: { web: { ...listeners.web, reload: { sessions, trial: { share: 0.5, for: "1h" } } } } };
    };
    for (const sessions of ["keep", "close"] as const) {
      const started = await start(cleanup, { plugins: [mark("A")] });
      const open = await clients(cleanup, started, 2);
      await started.proxy.apply(policy("B", sessions));
      const young = await clients(cleanup, started, 2);
      expect(await answers([...open, ...young]), sessions).to.equal("AABA");
      await started.proxy.steering.accept(2);
      const [tried] = young;
      expect(await answer(tried as Socket), `${sessions}: who began on it lives on`).to.equal("B");
      if (sessions === "keep") expect(await answers(open)).to.equal("AA");
      const reasons = (): unknown[] => started.all("session-ended").map(({ record }) => [record.reason, record.generation]);
      const closed = ["SLUICE_CLOSED", 1];
      await eventually(() => expect(reasons()).to.deep.equal(sessions === "keep" ? [] : [closed, closed, closed]));
    }
  });

  it("works with UDP flows", async () => {
    const started = await start(cleanup, { plugins: [mark("A")], listen: "udp://127.0.0.1:0" });
    const all = await Promise.all([0, 1, 2, 3].map(() => startUdpClient(cleanup, started.port("web"))));
    const letters = async (): Promise<string> => {
      const got: string[] = [];
      for (const client of all) {
        got.push(String(await client.ask("x")).slice(0, 1));
      }
      return got.join("");
    };
    expect(await letters()).to.equal("AAAA");
    await started.proxy.apply(config({ plugins: [mark("B")], listen: "udp://127.0.0.1:0" }));
    expect(await letters()).to.equal("BABA");
    all[0]?.send("!");
    all[2]?.send("!");
    await started.event("taken-back");
    expect(await letters()).to.equal("AAAA");
  });

  it("is taken back for all of its listeners", async () => {
    const two = (one: string, other: string, trial: TrialConfig | false) => ({
      listeners: {
        web: { listen: "tcp://127.0.0.1:0", reload: { trial: { share: 1, for: "1h", faults: 1 } }, plugins: [mark(one), echo()] },
        more: { listen: "tcp://127.0.0.1:0", reload: { trial }, plugins: [mark(other), echo()] },
      },
    });
    const started = cleanup.keep(await startProxy(two("A", "a", false)));
    const [web] = await clients(cleanup, started, 1);
    const more = cleanup.keep(await connect(started.port("more")));
    expect(await answer(more)).to.equal("a");
    const { trial } = await started.proxy.apply(two("B", "b", { share: 1, for: "2h" }));
    expect((trial?.until ?? 0) - (trial?.since ?? 0), "the longest of their times").to.equal(7_200_000);
    expect(await answers([web as Socket, more])).to.equal("Bb");
    await fail(web as Socket);
    await started.event("taken-back");
    expect(await answer(more)).to.equal("a");
    await started.proxy.apply(two("C", "c", false));
    expect(await answer(more), "one without a trial waits for the one that has it").to.equal("a");
    await started.proxy.steering.accept(3);
    expect(await answer(more)).to.equal("c");
  });

  it("lets a session on trial end normally", async () => {
    const seen: Session[] = [];
    const started = await start(cleanup, { plugins: [mark("A")] });
    await started.proxy.apply(
      config({ plugins: [mark("B", { admit: (arrival, session) => (seen.push(session), arrival) })], trial: { share: 1, for: "1h" } }),
    );
    const [socket] = await clients(cleanup, started, 1);
    expect(seen.map(({ generation }) => generation)).to.deep.equal([2]);
    socket?.end();
    expect((await started.ended()).generation).to.equal(2);
  });
});
