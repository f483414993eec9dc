import { expect } from "chai";
import type { Socket } from "node:net";
import { map, take, tap, type Observable } from "rxjs";
import type { FunctionPlugin, PluginUse, UseOptions } from "sluice";
import { carry, each, type Carry } from "sluice/flow";
import { openForward } from "../support/forward.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { readAll, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

interface Rest {
  rest: string;
}
type Operator = (data: Observable<Buffer>) => Observable<Buffer>;
type Wait = (chunk: Buffer) => Buffer | Promise<Buffer>;

/** What the functions of a carry were called with. */
const calls: string[] = [];
beforeEach(() => calls.splice(0));

/** Holds an unfinished number, and puts finished ones in angle brackets. */
function numbers(generation: number, more: Partial<Carry<Rest>> = {}, wait: Wait = (chunk) => chunk): Operator {
  return carry<Rest>({
    start: () => {
      calls.push(`start ${generation}`);
      return { rest: "" };
    },
    step: (state, chunk) => {
      const text = state.rest + chunk.toString();
      const [held = ""] = /\d*$/.exec(text) ?? [];
      state.rest = held;
      const out = text.slice(0, text.length - held.length).replaceAll(/\d+/g, (number) => `<${number}>`);
      return out === "" ? null : wait(Buffer.from(out));
    },
    end: (state) => {
      calls.push(`end ${generation}`);
      return state.rest === "" ? null : Buffer.from(`[${state.rest}]`);
    },
    ...more,
  });
}

const up = (operator: Operator): FunctionPlugin => ({ fromUpstream: operator, borrows: true });
const use = (operator: Operator, id = "numbers", options: UseOptions = {}): PluginUse => plugin(id, up(operator), options);

/** What is still to come, once the client has finished. */
async function rest(client: Socket): Promise<string> {
  client.end();
  return (await readAll(client)).toString();
}

/** The same carry among other operators: composed, in plain RxJS, bypassed. */
const shapes: Readonly<Record<string, (generation: number) => PluginUse>> = {
  "by itself": (generation) => use(numbers(generation)),
  "between each stages": (generation) =>
    use((data) =>
      data.pipe(
        each((chunk) => chunk),
        numbers(generation),
        each((chunk) => chunk),
      ),
    ),
  "behind plain operators": (generation) =>
    use((data) =>
      data.pipe(
        map((chunk) => chunk),
        numbers(generation),
      ),
    ),
  "in front of plain operators": (generation) =>
    use((data) =>
      data.pipe(
        numbers(generation),
        tap(() => undefined),
      ),
    ),
  "with onError bypass": (generation) => use(numbers(generation), "numbers", { onError: "bypass" }),
  "among plain operators with onError bypass": (generation) =>
    use(
      (data) =>
        data.pipe(
          map((chunk) => chunk),
          numbers(generation),
        ),
      "numbers",
      { onError: "bypass" },
    ),
  "with promises": (generation) => use(numbers(generation, {}, (chunk) => Promise.resolve(chunk))),
};

describe("carry [reload]", () => {
  for (const [shape, make] of Object.entries(shapes)) {
    it(`hands its state over at every reload, and ends only at FIN, ${shape}`, async () => {
      const { client, proxy, config } = await openForward(cleanup, [make(1)]);
      expect(await exchange(client, "a1", 1)).to.equal("a");
      await proxy.apply(config([make(2)]));
      client.write("2");
      await proxy.apply(config([make(3)]));
      await proxy.apply(config([make(4)]));
      expect(await exchange(client, "3b4", 6)).to.equal("<123>b");
      expect(calls).to.deep.equal(["start 1"]);
      expect(await rest(client)).to.equal("[4]");
      expect(calls).to.deep.equal(["start 1", "end 4"]);
    });

    it(`emits the bytes it held when no carry replaces it, ${shape}`, async () => {
      const { client, proxy, config } = await openForward(cleanup, [make(1)]);
      expect(await exchange(client, "a12", 1)).to.equal("a");
      await proxy.apply(config([]));
      expect(String(await readBytes(client, 4))).to.equal("[12]");
      expect(await exchange(client, "3", 1)).to.equal("3");
      await proxy.apply(config([make(2)]));
      expect(await exchange(client, "4b", 4)).to.equal("<4>b");
      expect(calls).to.deep.equal(["start 1", "end 1", "start 2"]);
      expect(await rest(client)).to.equal("");
    });
  }

  it("adds nothing to the output of a plugin behind two carries that completes early, with promises", async () => {
    const later = (id: string): PluginUse =>
      use(
        numbers(1, {}, (chunk) => new Promise((resolve) => void setImmediate(resolve, chunk))),
        id,
      );
    const { client } = await openForward(cleanup, [use(take(2), "first"), later("near"), later("far")]);
    client.write("a12");
    expect(String(await readBytes(client, 1))).to.equal("a");
    client.end("b34");
    expect((await readAll(client)).toString()).to.equal("<<12>>b");
  });

  const successors: Readonly<Record<string, readonly [next: () => readonly PluginUse[], end: string]>> = {
    "the plugin has another name": [() => [use(numbers(2), "others")], "[12]"],
    "the plugin is disabled": [() => [use(numbers(2), "numbers", { enabled: false })], "[12]"],
    "the hook has no carry any more": [() => [use((data) => data.pipe(each((chunk) => chunk)))], "[12]"],
    "the hook has another plugin in front of it": [
      () => [
        plugin(
          "front",
          up((data) => data.pipe(map((chunk) => chunk))),
        ),
        use(numbers(2)),
      ],
      "",
    ],
    "the hook has plain operators now": [
      () => [
        use((data) =>
          data.pipe(
            map((chunk) => chunk),
            numbers(2),
          ),
        ),
      ],
      "",
    ],
  };
  for (const [what, [next, end]] of Object.entries(successors)) {
    it(`${end === "" ? "is handed over" : "ends"} when ${what}`, async () => {
      const { client, proxy, config } = await openForward(cleanup, [use(numbers(1))]);
      await exchange(client, "a12", 1);
      await proxy.apply(config(next()));
      if (end === "") expect(await exchange(client, "b", 5)).to.equal("<12>b");
      else expect(String(await readBytes(client, 4))).to.equal(end);
    });
  }

  it("passes the bytes that a removed plugin held through the plugins behind it, whose state is handed over", async () => {
    const quote = (): PluginUse =>
      plugin(
        "quote",
        up((data) => data.pipe(each((chunk) => Buffer.from(`'${chunk.toString()}'`)))),
      );
    const { client, proxy, config } = await openForward(cleanup, [quote(), use(numbers(1), "second"), use(numbers(1), "first")]);
    expect(await exchange(client, "a12", 3)).to.equal("'a'");
    await proxy.apply(config([quote(), use(numbers(2), "second")]));
    expect(String(await readBytes(client, 8))).to.equal("'[<12>]'");
    expect(calls).to.deep.equal(["start 1", "start 1", "end 1"]);
  });

  it("keeps two in one hook, and both directions, apart", async () => {
    const both = (generation: number): PluginUse =>
      plugin("numbers", {
        fromClient: numbers(generation),
        fromUpstream: (data) => data.pipe(numbers(generation), numbers(generation)),
      });
    const { client, proxy, config } = await openForward(cleanup, [both(1)]);
    expect(await exchange(client, "a12", 1)).to.equal("a");
    await proxy.apply(config([both(2)]));
    expect(await exchange(client, "3b", 10)).to.equal("<<<123>>>b");
    expect(calls.filter((call) => call.startsWith("start"))).to.have.length(3);
    expect(await rest(client)).to.equal("");
  });

  it("makes a new state from the old one with revive, and ends the old one if revive throws", async () => {
    const revive = (previous: unknown): Rest => ({ rest: `9${(previous as Rest).rest}` });
    const failing = (): never => {
      throw new Error("of another shape");
    };
    const { client, proxy, config, all } = await openForward(cleanup, [use(numbers(1))]);
    await exchange(client, "a1", 1);
    await proxy.apply(config([use(numbers(2, { revive }))]));
    expect(await exchange(client, "b1", 5)).to.equal("<91>b");
    await proxy.apply(config([use(numbers(3, { revive: failing }))]));
    expect(String(await readBytes(client, 3))).to.equal("[1]");
    expect(calls).to.deep.equal(["start 1", "end 2", "start 3"]);
    expect(all("plugin-fault")).to.have.length(1);
    expect(await exchange(client, "2c", 4)).to.equal("<2>c");
  });

  it("stays with a session that cannot be swapped because start or another hook throws", async () => {
    const start = (): never => {
      throw new Error("no start");
    };
    const { client, proxy, config } = await openForward(cleanup, [use(numbers(1))]);
    await exchange(client, "a1", 1);
    const both = await proxy.apply(config([use(numbers(2)), use(numbers(2, { start }), "others")]));
    expect(both.behind?.sessions).to.equal(1);
    expect(await exchange(client, "2b3", 5)).to.equal("<12>b");
    await proxy.apply(config([use(numbers(4))]));
    expect(await exchange(client, "c", 4)).to.equal("<3>c");
    expect(calls).to.deep.equal(["start 1"]);
  });

  it("is handed over behind a promise that is pending at the reload", async () => {
    let settle: (() => void) | undefined;
    const wait: Wait = (chunk) => new Promise((resolve) => (settle = () => void resolve(chunk)));
    const { client, proxy, config, all } = await openForward(cleanup, [use(numbers(1, {}, wait))]);
    client.write("a1");
    await eventually(() => expect(settle).to.not.equal(undefined));
    await proxy.apply(config([use(numbers(2))]));
    client.write("2b");
    await proxy.apply(config([use(numbers(3))]));
    settle?.();
    expect(String(await readBytes(client, 6))).to.equal("a<12>b");
    expect(calls).to.deep.equal(["start 1"]);
    expect(all("plugin-fault")).to.have.length(0);
  });

  for (const sessions of ["keep", "drain"] as const) {
    it(`ends by its own code with reload.sessions "${sessions}"`, async () => {
      const { client, proxy, config } = await openForward(cleanup, [use(numbers(1))]);
      await exchange(client, "a12", 1);
      await proxy.apply(config([use(numbers(2))], { reload: { sessions, deadline: "20s" } }));
      expect(await exchange(client, "b3", 5)).to.equal("<12>b");
      expect(await rest(client)).to.equal("[3]");
      expect(calls).to.deep.equal(["start 1", "end 1"]);
    });
  }

  for (const [how, shape] of [
    ["composed", (operator: Operator): Operator => operator],
    [
      "among plain operators",
      (operator: Operator): Operator =>
        (data) =>
          data.pipe(
            map((chunk) => chunk),
            operator,
          ),
    ],
  ] as const) {
    it(`with onError bypass emits the bytes it held before the chunk that failed, ${how}`, async () => {
      const step: Carry<Rest>["step"] = (state, chunk) => {
        if (chunk.includes("!")) throw new Error("!");
        state.rest += chunk.toString();
        calls.push("step");
        return null;
      };
      const { client } = await openForward(cleanup, [use(shape(numbers(1, { step })), "numbers", { onError: "bypass" })]);
      client.write("1");
      await eventually(() => expect(calls).to.deep.equal(["start 1", "step"]));
      client.write("!");
      expect(String(await readBytes(client, 4))).to.equal("[1]!");
      expect(await exchange(client, "2", 1)).to.equal("2");
    });
  }

  for (const when of ["FIN", "a save that removes it"])
    it(`refuses a promise of end, with its code, at ${when}`, async () => {
      const { client, proxy, config, all } = await openForward(cleanup, [use(numbers(1, { end: () => Promise.resolve(null) as never }))]);
      await exchange(client, "a12", 1);
      if (when === "FIN") client.end();
      else await proxy.apply(config([]));
      await eventually(() => expect(all("plugin-fault").map(({ error }) => error.code)).to.include("SLUICE_PLUGIN_CARRY"));
    });
});
