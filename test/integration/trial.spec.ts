import { expect } from "chai";
import type { Socket } from "node:net";
import type { FunctionPlugin, PluginUse, Session, UseOptions } from "sluice";
import { carry, each } from "sluice/flow";
import { echo } from "sluice/plugins";
import type { TrialConfig } from "../../core/contract/trial.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { closeOf, connect, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { plugin, startProxy, type TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** Puts a letter in front of each chunk, and throws at one that has an exclamation mark. */
const mark = (letter: string, more: FunctionPlugin = {}, options: UseOptions = {}): PluginUse =>
  plugin(
    "mark",
    {
      fromClient: (data) =>
        data.pipe(
          each((chunk) => {
            if (chunk.includes("!")) throw new Error("boom");
            return Buffer.concat([Buffer.from(letter), chunk]);
          }),
        ),
      ...more,
    },
    options,
  );

interface Given {
  readonly plugins: readonly PluginUse[];
  readonly trial?: TrialConfig | boolean | undefined;
  readonly listen?: string;
}

const config = ({ plugins, trial = { share: 0.5, for: "1h", faults: 2 }, listen = "tcp://127.0.0.1:0" }: Given) => ({
  reload: { trial },
  listeners: { web: { listen, plugins: [...plugins, echo()] } },
});

async function start(given: Given): Promise<TestProxy> {
  const started = await startProxy(config(given));
  cleanup.add(() => started.proxy.close());
  return started;
}

async function clients(started: TestProxy, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let at = 0; at < count; at++) {
    // One after the other: the order in which they come is the test's.
    // oxlint-disable-next-line no-await-in-loop
    const socket = await connect(started.port("web"));
    cleanup.add(() => void socket.destroy());
    // oxlint-disable-next-line no-await-in-loop
    await answer(socket);
    sockets.push(socket);
  }
  return sockets;
}

/** What the letter in front of an x is. */
async function answer(socket: Socket): Promise<string> {
  socket.write("x");
  return String(await readBytes(socket, 2)).slice(0, 1);
}

const answers = async (sockets: readonly Socket[]): Promise<string> => (await Promise.all(sockets.map(answer))).join("");

async function fail(socket: Socket): Promise<void> {
  socket.write("!");
  await closeOf(socket);
}

describe("a save on trial", () => {
  it("goes to its share of the open sessions and of the new ones, and to all when its time is over", async () => {
    const started = await start({ plugins: [mark("A")] });
    const open = await clients(started, 4);
    const { generation, trial } = await started.proxy.apply(config({ plugins: [mark("B")], trial: { share: 0.5, for: 150 } }));
    expect([generation, started.proxy.generation, trial?.generation]).to.deep.equal([2, 1, 2]);
    expect(await answers(open)).to.equal("BABA");
    expect(started.proxy.status().trial?.listeners).to.deep.equal([{ listener: "web", share: 0.5, sessions: 2, faults: 0, allowed: 3 }]);
    const young = await clients(started, 2);
    const { generation: accepted } = await started.event("reloaded");
    expect([accepted, started.proxy.generation, started.proxy.status().trial]).to.deep.equal([2, 2, undefined]);
    expect(await answers([...open, ...young])).to.equal("BBBBBB");
    expect(started.all("taken-back")).to.deep.equal([]);
  });

  it("shares new sessions evenly, the first among them", async () => {
    const started = await start({ plugins: [mark("A")] });
    await started.proxy.apply(config({ plugins: [mark("B")], trial: { share: 0.25, for: "1h" } }));
    expect(await answers(await clients(started, 8))).to.equal("BAAABAAA");
  });

  it("is tried on one session where a share is less than one", async () => {
    const started = await start({ plugins: [mark("A")] });
    const open = await clients(started, 3);
    await started.proxy.apply(config({ plugins: [mark("B")], trial: { share: 0.01, for: "1h" } }));
    expect(await answers(open)).to.equal("BAA");
  });

  it("that nobody tries is accepted", async () => {
    const started = await start({ plugins: [mark("A")] });
    await started.proxy.apply(config({ plugins: [mark("B")], trial: { for: 50 } }));
    expect((await started.event("reloaded")).generation).to.equal(2);
  });

  it("is taken back when its plugins fail, and its sessions return", async () => {
    const started = await start({ plugins: [mark("A")] });
    const open = await clients(started, 6);
    await started.proxy.apply(config({ plugins: [mark("B")] }));
    const [first, second, third, ...others] = open;
    expect(await answers(open)).to.equal("BABABA");
    await fail(first as Socket);
    expect(started.proxy.status().trial?.listeners[0]?.faults).to.equal(1);
    await fail(third as Socket);
    const { generation, reason } = await started.event("taken-back");
    expect(generation).to.equal(2);
    expect(reason).to.match(/^mark failed 2 times, .*trial\.spec\.(ts|js):\d+:\d+$/);
    expect(await answers([second as Socket, ...others])).to.equal("AAAA");
    expect(await answers(await clients(started, 2))).to.equal("AA");
    expect([started.proxy.generation, started.proxy.status().trial]).to.deep.equal([1, undefined]);
    await started.proxy.apply(config({ plugins: [mark("C")], trial: false }));
    expect(started.proxy.generation, "its number is not given again").to.equal(3);
  });

  it("is not taken back for what fails elsewhere", async () => {
    const started = await start({ plugins: [mark("A")] });
    const open = await clients(started, 6);
    await started.proxy.apply(config({ plugins: [mark("B")], trial: { share: 0.5, for: 150, faults: 1 } }));
    await fail(open[1] as Socket);
    await fail(open[3] as Socket);
    await started.event("reloaded");
    expect(started.all("taken-back")).to.deep.equal([]);
  });

  it("counts what is bypassed, hooks of an opening, and byte hooks that throw when they are called", async () => {
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
      // oxlint-disable-next-line no-await-in-loop -- one proxy after the other
      const started = await start({ plugins: [mark("A")] });
      // oxlint-disable-next-line no-await-in-loop
      const [open] = await clients(started, 1);
      // oxlint-disable-next-line no-await-in-loop
      await started.proxy.apply(config({ plugins: [use], trial: { share: 1, for: "1h", faults: 1 } }));
      if (way === "bypass") open?.write("!");
      // oxlint-disable-next-line no-await-in-loop
      else if (way !== "a call") await connect(started.port("web")).then((socket) => cleanup.add(() => void socket.destroy()));
      // oxlint-disable-next-line no-await-in-loop
      expect((await started.event("taken-back")).reason, way).to.match(/^mark failed 1 time/);
    }
  });

  it("loses no byte, and the state of carry goes there and back", async () => {
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
    const started = await startProxy(config({ plugins: [lines("a")] }));
    cleanup.add(() => started.proxy.close());
    const socket = await connect(started.port("web"));
    cleanup.add(() => void socket.destroy());
    socket.write("one\ntw");
    expect(String(await readBytes(socket, 7))).to.equal("a1:one\n");
    await started.proxy.apply(config({ plugins: [lines("b")], trial: { share: 1, for: "1h" } }));
    socket.write("o\nthr");
    expect(String(await readBytes(socket, 7))).to.equal("b2:two\n");
    await started.proxy.steering.restore(1);
    socket.write("ee\n");
    expect(String(await readBytes(socket, 9))).to.equal("a3:three\n");
  });

  it("hands over what inherit gives, and hands it back", async () => {
    class Counting {
      seen = 0;
      inherit(previous: Counting): void {
        this.seen = previous.seen;
      }
    }
    const made: (Counting & FunctionPlugin)[] = [];
    const counts = (): PluginUse => {
      const own = Object.assign(new Counting(), {
        inherit: Counting.prototype.inherit,
        fromClient: ((data) =>
          data.pipe(each((chunk) => ((own.seen += 1), Buffer.concat([Buffer.from(String(own.seen)), chunk]))))) as NonNullable<
          FunctionPlugin["fromClient"]
        >,
      }) as unknown as Counting & FunctionPlugin;
      made.push(own);
      return plugin("counts", own);
    };
    const started = await start({ plugins: [counts()] });
    const [socket] = await clients(started, 1);
    await started.proxy.apply(config({ plugins: [counts()], trial: { share: 1, for: "1h" } }));
    expect(await answer(socket as Socket)).to.equal("2");
    await started.proxy.steering.restore(1);
    expect(await answer(socket as Socket)).to.equal("3");
    expect(made.map(({ seen }) => seen)).to.deep.equal([3, 2]);
  });

  it("tears its plugins down once its sessions have returned, or those before it once all have followed", async () => {
    const gone: string[] = [];
    const living = (name: string): PluginUse => mark(name, { teardown: () => void gone.push(name) });
    const started = await start({ plugins: [living("A")] });
    const open = await clients(started, 2);
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

  it("gives way to the next save, which is tried in its place", async () => {
    const started = await start({ plugins: [mark("A")] });
    const open = await clients(started, 4);
    await started.proxy.apply(config({ plugins: [mark("B")] }));
    await started.proxy.apply(config({ plugins: [mark("C")] }));
    expect(await answers(open)).to.equal("CACA");
    expect((await started.event("taken-back")).reason).to.equal("generation 3 came");
    await started.proxy.steering.accept(3);
    expect(await answers(open)).to.equal("CCCC");
    expect(started.proxy.generation).to.equal(3);
  });

  it("goes on when a save is refused", async () => {
    const started = await start({ plugins: [mark("A")] });
    const open = await clients(started, 2);
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

  it("an override holds for all at once, and the save is tried again with it", async () => {
    const started = await start({ plugins: [mark("A")] });
    const open = await clients(started, 2);
    await started.proxy.apply(config({ plugins: [mark("B")] }));
    await started.proxy.steering.override({ listener: "web", plugin: "mark" }, { enabled: false });
    const socket = await connect(started.port("web"));
    cleanup.add(() => void socket.destroy());
    for (const each of [...open, socket]) each.write("xx");
    expect(String(await readBytes(socket, 2))).to.equal("xx");
    // The use is off in the save too: nothing of its pipeline is left to try, and it is applied.
    await started.event("reloaded", ({ origin }) => origin === "config");
    expect(started.proxy.status().overrides).to.have.length(1);
  });

  it("leaves everything that cannot be divided to its acceptance, and says at once what will be refused", async () => {
    const started = await start({ plugins: [mark("A")] });
    const taken = started.port("web");
    const more = (listen: string, letter = "B") => ({
      reload: { trial: { share: 0.5, for: "1h" } },
      listeners: { web: config({ plugins: [mark(letter)] }).listeners.web, more: { listen, plugins: [echo()] } },
    });
    const other = await startProxy({ listeners: { other: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
    cleanup.add(() => other.proxy.close());
    const error: unknown = await started.proxy.apply(more(`tcp://127.0.0.1:${other.port()}`)).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "SLUICE_ADDRESS_IN_USE");
    expect(started.proxy.trial).to.equal(undefined);
    await started.proxy.apply(more("tcp://127.0.0.1:0"));
    expect(Object.keys(started.proxy.listeners)).to.deep.equal(["web"]);
    await started.proxy.steering.accept(2);
    expect(Object.keys(started.proxy.listeners)).to.deep.equal(["web", "more"]);
    expect(started.port("web")).to.equal(taken);
  });

  it("that nothing is to be tried of is applied at once: same plugins, or a listener without a trial", async () => {
    const same = mark("A");
    const started = await start({ plugins: [same] });
    const limits = await started.proxy.apply({ ...config({ plugins: [same] }), limits: { sessions: 100 } });
    expect([limits.generation, limits.trial, started.proxy.generation]).to.deep.equal([2, undefined, 2]);
    const off = await started.proxy.apply({ ...config({ plugins: [mark("B")] }), reload: {} });
    expect([off.generation, off.trial, started.proxy.generation]).to.deep.equal([3, undefined, 3]);
  });

  it("touches open sessions only where reload.sessions takes them along, and those that it would end not before it is accepted", async () => {
    const policy = (letter: string, sessions: "keep" | "close") => {
      const { listeners } = config({ plugins: [mark(letter)] });
      return { listeners: { web: { ...listeners.web, reload: { sessions, trial: { share: 0.5, for: "1h" } } } } };
    };
    for (const sessions of ["keep", "close"] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one proxy after the other
      const started = await start({ plugins: [mark("A")] });
      // oxlint-disable-next-line no-await-in-loop
      const open = await clients(started, 2);
      // oxlint-disable-next-line no-await-in-loop
      await started.proxy.apply(policy("B", sessions));
      // oxlint-disable-next-line no-await-in-loop
      const young = await clients(started, 2);
      // oxlint-disable-next-line no-await-in-loop
      expect(await answers([...open, ...young]), sessions).to.equal("AABA");
      // oxlint-disable-next-line no-await-in-loop
      await started.proxy.steering.accept(2);
      const [tried] = young;
      // oxlint-disable-next-line no-await-in-loop
      expect(await answer(tried as Socket), `${sessions}: who began on it lives on`).to.equal("B");
      // oxlint-disable-next-line no-await-in-loop
      if (sessions === "keep") expect(await answers(open)).to.equal("AA");
      const reasons = (): unknown[] => started.all("session-ended").map(({ record }) => [record.reason, record.generation]);
      const closed = ["SLUICE_CLOSED", 1];
      // oxlint-disable-next-line no-await-in-loop
      await eventually(() => expect(reasons()).to.deep.equal(sessions === "keep" ? [] : [closed, closed, closed]));
    }
  });

  it("works on flows of UDP", async () => {
    const started = await start({ plugins: [mark("A")], listen: "udp://127.0.0.1:0" });
    const all = await Promise.all([0, 1, 2, 3].map(() => startUdpClient(cleanup, started.port("web"))));
    const letters = async (): Promise<string> => {
      const got: string[] = [];
      for (const client of all) {
        // oxlint-disable-next-line no-await-in-loop -- the order of the flows is the test's
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

  it("of several listeners is taken back whole", async () => {
    const two = (one: string, other: string, trial: TrialConfig | false) => ({
      listeners: {
        web: { listen: "tcp://127.0.0.1:0", reload: { trial: { share: 1, for: "1h", faults: 1 } }, plugins: [mark(one), echo()] },
        more: { listen: "tcp://127.0.0.1:0", reload: { trial }, plugins: [mark(other), echo()] },
      },
    });
    const started = await startProxy(two("A", "a", false));
    cleanup.add(() => started.proxy.close());
    const [web] = await clients(started, 1);
    const more = await connect(started.port("more"));
    cleanup.add(() => void more.destroy());
    expect(await answer(more)).to.equal("a");
    await started.proxy.apply(two("B", "b", { share: 1, for: "1h" }));
    expect(await answers([web as Socket, more])).to.equal("Bb");
    await fail(web as Socket);
    await started.event("taken-back");
    expect(await answer(more)).to.equal("a");
    await started.proxy.apply(two("C", "c", false));
    expect(await answer(more), "one without a trial waits for the one that has it").to.equal("a");
    await started.proxy.steering.accept(3);
    expect(await answer(more)).to.equal("c");
  });

  it("a session ends as it should where it is on trial", async () => {
    const seen: Session[] = [];
    const started = await start({ plugins: [mark("A")] });
    await started.proxy.apply(
      config({ plugins: [mark("B", { admit: (arrival, session) => (seen.push(session), arrival) })], trial: { share: 1, for: "1h" } }),
    );
    const [socket] = await clients(started, 1);
    expect(seen.map(({ generation }) => generation)).to.deep.equal([2]);
    socket?.end();
    expect((await started.ended()).generation).to.equal(2);
  });
});
