import { expect } from "chai";
import type { Socket } from "node:net";
import type { FunctionPlugin, PluginUse } from "sluice";
import { carry, each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { answer, answers, clients, config, fail, mark, start } from "../support/on-trial.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

type Counting = FunctionPlugin & { seen: number };

/** A plugin that puts a number in front of each chunk, and passes the last one on by `inherit`. @param made gets each instance */
function counts(made: Counting[] = []): PluginUse {
  const own: Counting = {
    seen: 0,
    inherit: (previous) => {
      own.seen = previous.seen;
    },
    fromClient: (data) => data.pipe(each((chunk) => ((own.seen += 1), Buffer.concat([Buffer.from(String(own.seen)), chunk])))),
  };
  made.push(own);
  return plugin("counts", own);
}

describe("a save on trial", () => {
  it("applies to its share of the open sessions and of the new ones, and to all when its time is over", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    const open = await clients(cleanup, started, 4);
    const { generation, trial } = await started.proxy.apply(config({ plugins: [mark("B")], trial: { share: 0.5, for: "1s" } }));
    expect([generation, started.proxy.generation, trial?.generation]).to.deep.equal([2, 1, 2]);
    expect(await answers(open)).to.equal("BABA");
    expect(started.proxy.status().trial?.listeners).to.deep.equal([{ listener: "web", share: 0.5, sessions: 2, faults: 0, allowed: 3 }]);
    const young = await clients(cleanup, started, 2);
    const { generation: accepted } = await started.event("reloaded");
    expect([accepted, started.proxy.generation, started.proxy.status().trial]).to.deep.equal([2, 2, undefined]);
    expect(await answers([...open, ...young])).to.equal("BBBBBB");
    expect(started.all("taken-back")).to.deep.equal([]);
  });

  it("divides new sessions evenly, including the first one", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    await started.proxy.apply(config({ plugins: [mark("B")], trial: { share: 0.25, for: "1h" } }));
    expect(await answers(await clients(cleanup, started, 8))).to.equal("BAAABAAA");
  });

  it("is tried on one session if its share is less than one session", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    const open = await clients(cleanup, started, 3);
    await started.proxy.apply(config({ plugins: [mark("B")], trial: { share: 0.01, for: "1h" } }));
    expect(await answers(open)).to.equal("BAA");
  });

  it("is accepted if no session tries it", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    await started.proxy.apply(config({ plugins: [mark("B")], trial: { for: 50 } }));
    const hour = 3_600_000;
    const now = performance.now.bind(performance);
    cleanup.add(() => {
      performance.now = now;
    });
    performance.now = () => now() + hour;
    const { generation, durationMs } = await started.event("reloaded");
    // The time on trial is no part of what the reload took.
    expect([generation, durationMs < hour]).to.deep.equal([2, true]);
  });

  it("is taken back when its plugins fail, and its sessions return to the old plugins", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    const open = await clients(cleanup, started, 6);
    await started.proxy.apply(config({ plugins: [mark("B")] }));
    const [first, second, third, ...others] = open;
    expect(await answers(open)).to.equal("BABABA");
    await fail(first as Socket);
    expect(started.proxy.status().trial?.listeners[0]?.faults).to.equal(1);
    await fail(third as Socket);
    const { generation, reason } = await started.event("taken-back");
    expect(generation).to.equal(2);
    expect(reason).to.match(/^mark failed 2 times, .*on-trial\.(ts|js):\d+:\d+$/);
    expect(await answers([second as Socket, ...others])).to.equal("AAAA");
    expect(await answers(await clients(cleanup, started, 2))).to.equal("AA");
    expect([started.proxy.generation, started.proxy.status().trial]).to.deep.equal([1, undefined]);
    await started.proxy.apply(config({ plugins: [mark("C")], trial: false }));
    expect(started.proxy.generation, "its number is not given again").to.equal(3);
  });

  it("is not taken back because of failures elsewhere", async () => {
    const started = await start(cleanup, { plugins: [mark("A")] });
    const open = await clients(cleanup, started, 6);
    await started.proxy.apply(config({ plugins: [mark("B")], trial: { share: 0.5, for: 150, faults: 1 } }));
    await fail(open[1] as Socket);
    await fail(open[3] as Socket);
    await started.event("reloaded");
    expect(started.all("taken-back")).to.deep.equal([]);
  });

  it("counts bypassed faults, faults of hooks at the start of a session, and byte hooks that throw when they are called", async () => {
    const boom = (): never => {
      throw new Error("boom");
    };
    const ways: Readonly<Record<string, PluginUse>> = {
      bypass: mark("B", {}, { onError: "bypass" }),
      "bypassed admit": mark("B", { admit: boom }, { onError: "bypass" }),
      admit: mark("B", { admit: boom }),
      "a call": mark("B", { fromClient: boom }),
    };
    for (const [way, use] of Object.entries(ways)) {
      const started = await start(cleanup, { plugins: [mark("A")] });
      const [open] = await clients(cleanup, started, 1);
      await started.proxy.apply(config({ plugins: [use], trial: { share: 1, for: "1h", faults: 1 } }));
      if (way === "bypass") open?.write("!");
      else if (way !== "a call") await connect(started.port("web")).then((socket) => cleanup.add(() => void socket.destroy()));
      expect((await started.event("taken-back")).reason, way).to.match(/^mark failed 1 time/);
    }
  });

  it("loses no byte, and passes the state of carry to the new plugins and back", async () => {
    const lines = (name: string): PluginUse =>
      plugin("lines", {
        fromClient: (data) =>
          data.pipe(
            carry({
              start: () => ({ rest: "", count: 0 }),
              step: (state, chunk) => {
                const parts = (state.rest + String(chunk)).split("\n");
                state.rest = parts.pop() ?? "";
                return Buffer.from(parts.map((line) => `${name}${(state.count += 1)}:${line}\n`).join(""));
              },
              end: ({ rest }) => Buffer.from(rest),
            }),
          ),
      });
    const started = cleanup.keep(await startProxy(config({ plugins: [lines("a")] })));
    const socket = cleanup.keep(await connect(started.port("web")));
    socket.write("one\ntw");
    expect(String(await readBytes(socket, 7))).to.equal("a1:one\n");
    await started.proxy.apply(config({ plugins: [lines("b")], trial: { share: 1, for: "1h" } }));
    socket.write("o\nthr");
    expect(String(await readBytes(socket, 7))).to.equal("b2:two\n");
    await started.proxy.steering.restore(1);
    socket.write("ee\n");
    expect(String(await readBytes(socket, 9))).to.equal("a3:three\n");
  });

  it("passes on the state that inherit takes over, and passes it back", async () => {
    const made: Counting[] = [];
    const started = await start(cleanup, { plugins: [counts(made)] });
    const [socket] = await clients(cleanup, started, 1);
    await started.proxy.apply(config({ plugins: [counts(made)], trial: { share: 1, for: "1h" } }));
    expect(await answer(socket as Socket)).to.equal("2");
    await started.proxy.steering.restore(1);
    expect(await answer(socket as Socket)).to.equal("3");
    expect(made.map(({ seen }) => seen)).to.deep.equal([3, 2]);
  });

  it("takes the state over once more when it is accepted, if other sessions have changed it meanwhile", async () => {
    // With a share of 1 nobody else has changed it, and the tried plugin has the newest state itself.
    for (const share of [1, 0.5]) {
      const started = await start(cleanup, { plugins: [counts()] });
      const [first, second] = await clients(cleanup, started, 2);
      await started.proxy.apply(config({ plugins: [counts()], trial: { share, for: "1h" } }));
      expect(await answer((share === 1 ? first : second) as Socket), "the chunk after one of each client").to.equal("3");
      await started.proxy.steering.accept(2);
      expect(await answer(first as Socket), `share ${share}`).to.equal("4");
    }
  });

  it("reports a plugin that cannot take its state back, and returns the sessions all the same", async () => {
    const once = (name: string): PluginUse =>
      mark(name, {
        inherit: () => {
          if (name === "A") throw new Error("no way back");
        },
      });
    const started = await start(cleanup, { plugins: [once("A")] });
    const [socket] = await clients(cleanup, started, 1);
    await started.proxy.apply(config({ plugins: [once("B")], trial: { share: 1, for: "1h" } }));
    expect(await answer(socket as Socket)).to.equal("B");
    await started.proxy.steering.restore(1);
    expect(await answer(socket as Socket)).to.equal("A");
    expect(started.all("plugin-fault").map(({ error }) => error.detail)[0]).to.include("inherit() failed: no way back");
  });

  it("tears its plugins down when its sessions have returned, or the old plugins when all sessions have changed", async () => {
    const gone: string[] = [];
    const living = (name: string): PluginUse => mark(name, { teardown: () => void gone.push(name) });
    const started = await start(cleanup, { plugins: [living("A")] });
    const open = await clients(cleanup, started, 2);
    await started.proxy.apply(config({ plugins: [living("B")] }));
    expect(gone).to.deep.equal([]);
    await started.proxy.steering.restore(1);
    await eventually(() => expect(gone).to.deep.equal(["B"]));
    await started.proxy.apply(config({ plugins: [living("C")] }));
    await started.proxy.steering.accept(3);
    await eventually(() => expect(gone).to.deep.equal(["B", "A"]));
    expect(await answers(open)).to.equal("CC");
    await started.proxy.apply(config({ plugins: [living("D")] }));
    await started.proxy.close();
    expect(gone.toSorted()).to.deep.equal(["A", "B", "C", "D"]);
  });
});
