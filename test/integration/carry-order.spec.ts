import { expect } from "chai";
import { map, type Observable } from "rxjs";
import type { PluginUse, UseOptions } from "sluice";
import { carry, each } from "sluice/flow";
import { openForward } from "../support/forward.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

type Operator = (data: Observable<Buffer>) => Observable<Buffer>;

const same = (chunk: Buffer): Buffer => chunk;
const use = (operator: Operator, id: string, options: UseOptions = {}): PluginUse => plugin(id, { fromUpstream: operator }, options);

/** Holds the last byte. */
const lastByte = (revive?: () => never): Operator =>
  carry<{ last: Buffer }>({
    start: () => ({ last: Buffer.alloc(0) }),
    step: (state, chunk) => {
      const whole = Buffer.concat([state.last, chunk]);
      state.last = whole.subarray(-1);
      return whole.length > 1 ? whole.subarray(0, -1) : null;
    },
    end: ({ last }) => last,
    ...(revive === undefined ? {} : { revive }),
  });

/** Two in one hook: the first one holds the newer byte. */
const two: Readonly<Record<string, Operator>> = {
  composed: (data) => data.pipe(lastByte(), lastByte()),
  "among plain operators": (data) => data.pipe(lastByte(), map(same), lastByte()),
};

describe("what several carry hold [reload]", () => {
  for (const [how, operator] of Object.entries(two)) {
    it(`goes on in the order in which it came, after a second save that removes them, ${how}`, async () => {
      let settle: (() => void) | undefined;
      const slow = each((chunk: Buffer) => (settle === undefined ? new Promise<Buffer>((to) => (settle = () => void to(chunk))) : chunk));
      const { client, proxy, config } = await openForward(cleanup, [use(slow, "slow"), use(operator, "two")]);
      client.write("abcd");
      await eventually(() => expect(settle).to.not.equal(undefined));
      await proxy.apply(config([use(operator, "two")]));
      await proxy.apply(config([]));
      settle?.();
      expect(String(await readBytes(client, 4))).to.equal("abcd");
    });

    it(`goes on in the order in which it came, when the plugin is bypassed, ${how}`, async () => {
      const fail = (chunk: Buffer): Buffer => {
        if (chunk.includes("!")) throw new Error("!");
        return chunk;
      };
      const { client } = await openForward(cleanup, [use((data) => operator(data.pipe(map(fail))), "two", { onError: "bypass" })]);
      expect(await exchange(client, "abcd", 2)).to.equal("ab");
      expect(await exchange(client, "!", 3)).to.equal("cd!");
    });
  }
});

it("what a carry that cannot be revived held passes through the stages behind it, which hold what came before [reload]", async () => {
  const fails = (revive?: () => never): PluginUse => use(lastByte(revive), "first");
  const last = (): PluginUse => use(lastByte(), "last");
  const { client, proxy, config, all } = await openForward(cleanup, [last(), fails()]);
  expect(await exchange(client, "abcd", 2)).to.equal("ab");
  const boom = (): never => {
    throw new Error("boom");
  };
  await proxy.apply(config([last(), fails(boom)]));
  await proxy.apply(config([last(), fails(boom)]));
  expect(all("plugin-fault")).to.have.length(2);
  expect(await exchange(client, "ef", 4 - 2)).to.equal("cd");
  await proxy.apply(config([]));
  expect(String(await readBytes(client, 2))).to.equal("ef");
});
