import { expect } from "chai";
import type { Socket } from "node:net";
import { bufferCount, concatMap, delay, map, mergeMap, of, take, type Observable, type OperatorFunction } from "rxjs";
import type { PluginUse, UseOptions } from "sluice";
import { lengthPrefixed, lines, messages } from "sluice/codec";
import { carry, each } from "sluice/flow";
import { openForward } from "../support/forward.ts";
import { createCleanup } from "../support/cleanup.ts";
import { exchange } from "../support/exchange.ts";
import { readAll, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

type LineOperator = OperatorFunction<string, string>;

const use = (operator: LineOperator, options: UseOptions = {}): PluginUse =>
  plugin("lines", { borrows: true, fromUpstream: (data) => data.pipe(messages(lines(), operator)) }, options);

async function rest(client: Socket): Promise<string> {
  client.end();
  return (await readAll(client)).toString();
}

const marked = (mark: string): Readonly<Record<string, LineOperator>> => ({
  each: each((line) => line + mark),
  "each with a promise": each(async (line) => Promise.resolve(line + mark)),
  map: map((line) => line + mark),
  "concatMap with a promise": concatMap((line) => Promise.resolve(line + mark)),
  "mergeMap with a delay": mergeMap((line) => of(line + mark).pipe(delay(1)), 1),
});

describe("messages in a proxy [reload]", () => {
  for (const shape of Object.keys(marked("")))
    it(`keep an unfinished frame over a reload, with ${shape}`, async () => {
      const next = (mark: string): PluginUse => use(marked(mark)[shape] ?? map((line) => line));
      const { client, proxy, config } = await openForward(cleanup, [next("1")]);
      expect(await exchange(client, "a\nb", 3)).to.equal("a1\n");
      await proxy.apply(config([next("2")]));
      client.write("c");
      await proxy.apply(config([next("3")]));
      expect(await exchange(client, "d\ne", 5)).to.equal("bcd3\n");
      // Removed: it goes on as it is, in front of what comes.
      await proxy.apply(config([]));
      expect(String(await readBytes(client, 1))).to.equal("e");
      await proxy.apply(config([next("4")]));
      expect(await exchange(client, "f\ng", 3)).to.equal("f4\n");
      expect(await rest(client)).to.equal("g");
    });

  it("let the first message of a chunk pass while the second waits, and a reload waits for messages in the plugin", async () => {
    let open1: (line: string) => void = () => undefined;
    const slow = (mark: string): PluginUse =>
      use(each((line) => (line === "slow" ? new Promise<string>((resolve) => (open1 = resolve)) : line + mark)));
    const { client, proxy, config } = await openForward(cleanup, [slow("1")]);
    expect(await exchange(client, "a\nslow\nb\nunfin", 3)).to.equal("a1\n");
    const applied = proxy.apply(config([slow("2")]));
    client.write("ished\n");
    open1("opened");
    await applied;
    expect(String(await readBytes(client, 7 + 3 + 12))).to.equal("opened\nb1\nunfinished2\n");
    expect(await rest(client)).to.equal("");
  });

  it("keep the state of a carry on messages, and flush the messages that an operator holds", async () => {
    const counted = (mark: string): PluginUse =>
      plugin("frames", {
        fromUpstream: (data) =>
          data.pipe(
            messages(
              lengthPrefixed({ bytes: 1 }),
              carry({
                start: () => ({ count: 0 }),
                step: (state, body) => Buffer.concat([body, Buffer.from(`${mark}${(state.count += 1)}`)]),
                end: () => Buffer.from("end"),
              }),
            ),
          ),
      });
    const { client, proxy, config } = await openForward(cleanup, [counted("a")]);
    expect(await exchange(client, "\x01x\x01", 4)).to.equal("\x03xa1");
    await proxy.apply(config([counted("b")]));
    expect(await exchange(client, "y", 4)).to.equal("\x03yb2");
    expect(await rest(client)).to.equal("\x03end");
    const pairs = (): PluginUse =>
      use((data) =>
        data.pipe(
          bufferCount(2),
          map((two) => two.join("+")),
        ),
      );
    const second = await openForward(cleanup, [pairs()]);
    expect(await exchange(second.client, "a\nb\nc\n", 4)).to.equal("a+b\n");
    await second.proxy.apply(second.config([pairs()]));
    expect(String(await readBytes(second.client, 2))).to.equal("c\n");
  });

  it("end the stream where the operator completes early, as an operator on chunks does", async () => {
    const { client } = await openForward(cleanup, [use(take(2))]);
    client.write("a\nb\nc\nd");
    expect(String(await readAll(client))).to.equal("a\nb\n");
  });

  it("end the session with SLUICE_PLUGIN_FRAME, which the record and the fault name", async () => {
    const tight = (options: UseOptions = {}): PluginUse =>
      plugin(
        "tight",
        {
          fromClient: (data) =>
            data.pipe(
              messages(
                lines({ max: 4 }),
                each((line) => line.toUpperCase()),
              ),
            ),
        },
        options,
      );
    const { client, ended, event } = await openForward(cleanup, [tight()]);
    client.on("error", () => undefined);
    client.write("ab\nlonger\n");
    expect((await ended()).reason).to.equal("SLUICE_PLUGIN_FRAME");
    expect((await event("plugin-fault")).error.message).to.include("a line is longer than max: 4 bytes");
    const bypassed = await openForward(cleanup, [tight({ onError: "bypass" })]);
    expect(await exchange(bypassed.client, "ab\nlonger\ncd\n", 13)).to.equal("AB\nlonger\ncd\n");
    expect(await exchange(bypassed.client, "ef\n", 3)).to.equal("ef\n");
  });

  for (const [shape, operator] of Object.entries({
    each: each(loud),
    "each later": each(async (line: string) => Promise.resolve(line).then(loud)),
    map: map(loud),
  }))
    it(`with onError bypass pass the failed message and all later ones unchanged, each once, with ${shape}`, async () => {
      const { client } = await openForward(cleanup, [use(operator, { onError: "bypass" })]);
      expect(await exchange(client, "a\nb", 2)).to.equal("A\n");
      expect(await exchange(client, "c\nbad\nd\ne", 10)).to.match(/^(BC|bc)\nbad\nd\ne$/);
      expect(await exchange(client, "f\n", 2)).to.equal("f\n");
      expect(await rest(client)).to.equal("");
    });

  it("decode each datagram separately, and keep it one datagram", async () => {
    const server = cleanup.keep(await bindUdp());
    server.on("message", (datagram, from) => server.send(datagram, from.port, from.address));
    for (const operator of [each(loud), each(async (line: string) => Promise.resolve(loud(line))), map(loud)] as LineOperator[]) {
      const { proxy, port } = await startProxy({
        listeners: { u: { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${server.address().port}`, plugins: [use(operator)] } },
      });
      cleanup.add(() => proxy.close());
      const client = await startUdpClient(cleanup, port());
      expect(String(await client.ask("a\nb\nun"))).to.equal("A\nB\nun");
      expect(String(await client.ask("c\n"))).to.equal("C\n");
    }
  });

  it("work with a codec of another library", async () => {
    const reversed = {
      decode: () => (data: Observable<Buffer>) => data.pipe(map((chunk) => chunk.toString())),
      encode: (message: string) => Buffer.from(message),
    };
    const { client } = await openForward(cleanup, [
      plugin("own", {
        fromUpstream: (data) =>
          data.pipe(
            messages(
              reversed,
              each((text) => `<${text}>`),
            ),
          ),
      }),
    ]);
    expect(await exchange(client, "hi", 4)).to.equal("<hi>");
  });
});

function loud(line: string): string {
  if (line === "bad") throw new Error("bad line");
  return line.toUpperCase();
}
