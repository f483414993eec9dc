import { expect } from "chai";
import { asyncScheduler, concat, concatMap, defer, delay, EMPTY, from, ignoreElements, map, mergeMap, NEVER, Observable, of } from "rxjs";
import { retry, startWith, subscribeOn, switchMap, take, tap, timer } from "rxjs";
import { setTimeout as pause } from "node:timers/promises";
import { answer, each } from "sluice/flow";
import { definePlugin, SluiceError, type FunctionPlugin } from "sluice";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startForward } from "../support/forward.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const mebibyte = 1024 * 1024;
const boom = (): never => {
  throw new Error("boom");
};
const nonsense = (value: unknown): Buffer => value as Buffer;

describe("hostile operators [data path]", () => {
  expectNothingUncaught();

  it("a session still sees the client's FIN if take() completes with a chunk that fills its sink", async () => {
    const big = Buffer.alloc(16 * mebibyte);
    const use = plugin("cut", {
      fromClient: (data) =>
        data.pipe(
          take(1),
          map(() => big),
        ),
    });
    const { port, ended, upstream } = await startForward(cleanup, (socket) => void socket.pause(), { plugins: [use] });
    const client = cleanup.keep(await connect(port()));
    client.write("go");
    await eventually(() => expect(upstream.sockets.size).to.equal(1));
    for (const socket of upstream.sockets) socket.resume().end();
    client.resume().end("what is dropped");
    expect((await ended()).reason).to.equal("closed");
  });

  it("each() with promises that settle before the next chunk comes pauses the source if the reader has stopped", async () => {
    let sent = 0;
    const block = Buffer.alloc(64 * 1024);
    const use = plugin("quick", { fromUpstream: (data) => data.pipe(each(async (chunk) => chunk)) });
    const { port, upstream } = await startForward(
      cleanup,
      (socket) => {
        const more = (): void => {
          while (sent < 256 * mebibyte && !socket.destroyed) {
            sent += block.length;
            if (!socket.write(block)) return void socket.once("drain", more);
          }
        };
        more();
        socket.resume();
      },
      { plugins: [use] },
    );
    cleanup.keep(await connect(port()));
    let before = -1;
    await eventually(
      async () => {
        const last = before;
        before = sent;
        await new Promise((resolve) => void setTimeout(resolve, 200));
        expect(sent).to.be.above(0).and.to.equal(last);
      },
      { within: 10_000, what: "the source standing still" },
    );
    expect(upstream.sockets.size).to.equal(1);
    expect(sent).to.be.below(64 * mebibyte);
  });

  const emitting: Readonly<Record<string, FunctionPlugin>> = {
    "an operator that emits undefined": { fromClient: (data) => data.pipe(map(() => nonsense(undefined))) },
    "an Observable of its own that emits null in a timer": {
      fromClient: (data) =>
        new Observable((subscriber) => data.subscribe({ next: () => void setTimeout(() => subscriber.next(nonsense(null)), 2) })),
    },
    "an operator that emits a string": { fromClient: (data) => data.pipe(map(() => nonsense("text"))) },
    "each that returns a string": { fromClient: (data) => data.pipe(each(() => nonsense("text"))) },
    "each that promises a string": { fromClient: (data) => data.pipe(each(() => Promise.resolve(nonsense("text")))) },
  };
  for (const [name, hooks] of Object.entries(emitting)) {
    it(`${name} ends its session`, async () => {
      const { port, ended } = await startForward(cleanup, "echo", { plugins: [plugin("odd", hooks)] });
      const client = await connect(port());
      client.write("hello");
      expect((await ended()).reason).to.be.oneOf(["SLUICE_PLUGIN_CHUNK", "SLUICE_PLUGIN_FAILED"]);
    });

    it(`${name} is bypassed with onError bypass`, async () => {
      const { port, all } = await startForward(cleanup, "echo", { plugins: [plugin("odd", hooks, { onError: "bypass" })] });
      const client = await connect(port());
      client.write("hello");
      expect(String(await readBytes(client, 5))).to.equal("hello");
      expect(all("plugin-fault").map((fault) => fault.plugin)).to.deep.equal(["odd"]);
      client.destroy();
    });
  }

  it("an operator that subscribes again while it handles a chunk does not get that chunk again", async () => {
    let turns = 0;
    const use = plugin("again", {
      fromClient: (data) =>
        data.pipe(
          map((chunk) => {
            turns += 1;
            // Without an end of its own this test would never come back.
            if (turns > 1000) return Buffer.from("endless");
            return chunk.includes("!") ? boom() : chunk;
          }),
          retry(),
        ),
    });
    const { port } = await startForward(cleanup, "echo", { plugins: [use] });
    const client = await connect(port());
    client.write("bad!");
    await eventually(() => expect(turns).to.be.above(0));
    client.write("good");
    expect(String(await readBytes(client, 4))).to.equal("good");
    client.destroy();
  });

  const late: Readonly<Record<string, FunctionPlugin>> = {
    "at completion": { fromClient: (data) => concat(data, defer(boom)) },
    "in a promise after FIN": { fromClient: (data) => data.pipe(delay(20), map(boom)) },
  };
  for (const [name, hooks] of Object.entries(late)) {
    it(`a bypassed plugin that fails ${name} passes FIN on`, async () => {
      const { port, ended } = await startForward(cleanup, "echo", { plugins: [plugin("late", hooks, { onError: "bypass" })] });
      const client = await connect(port());
      client.end("hello");
      expect(String(await readAll(client))).to.equal("hello");
      expect((await ended()).reason).to.equal("closed");
    });
  }

  it("a chunk that a bypassed plugin held does not block its flow forever", async () => {
    let fail: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (fail = resolve));
    const use = plugin(
      "held",
      {
        fromClient: (data) =>
          data.pipe(
            map((chunk) => chunk),
            each(() => gate.then(boom)),
          ),
      },
      { onError: "bypass" },
    );
    const { port, proxy, all } = await startForward(cleanup, "echo", { plugins: [use] });
    const client = await connect(port());
    let sent = 0;
    for (const size of [10, 60_000, 20_000]) {
      sent += size;
      client.write(Buffer.alloc(size));
      const arrived = sent;
      await eventually(() => expect([...proxy.sessions][0]?.fromClient.bytes).to.equal(arrived));
    }
    fail();
    await eventually(() => expect(all("plugin-fault")).to.have.length(1));
    client.end(Buffer.alloc(2 * mebibyte));
    expect((await readAll(client)).length).to.equal(sent + 2 * mebibyte);
  });

  it("the client is still read if its operators complete when they are subscribed", async () => {
    const use = plugin("deaf", { fromClient: () => EMPTY });
    const { port, ended } = await startForward(cleanup, (socket) => void socket.resume().write("hi"), { plugins: [use] });
    const client = await connect(port());
    await readBytes(client, 2);
    client.resetAndDestroy();
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
  });

  it("a byte hook that is declared async is a fault, and its rejection does not end the process", async () => {
    const hook = (): Observable<Buffer> => Promise.reject(new Error("boom")) as unknown as Observable<Buffer>;
    const { port, ended } = await startForward(cleanup, "echo", { plugins: [plugin("odd", { fromClient: hook })] });
    const client = await connect(port());
    client.write("hello");
    expect((await ended()).reason).to.equal("SLUICE_PLUGIN_CHUNK");
    await new Promise((resolve) => void setImmediate(resolve));
  });

  it("an answer that is not an Observable is a fault of its plugin", async () => {
    const respond = (): Observable<Buffer> => undefined as unknown as Observable<Buffer>;
    const use = plugin("mute", { connect: (_attempt, session) => of(answer("mute", respond, session)) });
    const { port, ended } = await startForward(cleanup, "echo", { plugins: [use] });
    const client = await connect(port());
    client.write("hello");
    expect((await ended()).reason).to.equal("SLUICE_PLUGIN_FAILED");
  });

  it("a leg stays open if a connect hook emits it twice", async () => {
    const use = plugin("twice", { connect: (attempt) => attempt.pipe(mergeMap((leg) => [leg, leg])) });
    const { port } = await startForward(cleanup, "echo", { plugins: [use] });
    const client = await connect(port());
    client.write("hello");
    expect(String(await readBytes(client, 5))).to.equal("hello");
    client.destroy();
  });

  it("an operator does not count as asynchronous because it emits when it is subscribed", async () => {
    const use = plugin("banner", { fromClient: (data) => data.pipe(startWith(Buffer.from("banner "))) });
    const { port, all } = await startForward(cleanup, "echo", { plugins: [use] });
    const client = await connect(port());
    client.write("hello");
    expect(String(await readBytes(client, 12))).to.equal("banner hello");
    expect(all("warning")).to.deep.equal([]);
    client.destroy();
  });

  it("a hook that subscribes to the data itself sees the data, whatever it returns", async () => {
    const seen: string[] = [];
    const look = (data: Observable<Buffer>): Observable<Buffer> => {
      data.subscribe((chunk) => void seen.push(chunk.toString()));
      return data;
    };
    const use = plugin("onlooker", { fromClient: look, fromUpstream: (data) => look(data).pipe(each((chunk) => chunk)) });
    const { port } = await startForward(cleanup, "echo", { plugins: [use] });
    const client = await connect(port());
    client.end("hello");
    expect(String(await readAll(client))).to.equal("hello");
    expect(seen).to.deep.equal(["hello", "hello"]);
  });

  it("a plugin is not torn down while its operators still flush bytes that came before a FIN", async () => {
    let torn = false;
    let tornAtFlush: boolean | undefined;
    const old = plugin("old", {
      fromClient: (data) =>
        data.pipe(
          concatMap((chunk) => timer(100).pipe(map(() => chunk))),
          tap(() => (tornAtFlush = torn)),
        ),
      teardown: () => void (torn = true),
    });
    const { port, proxy, config } = await startForward(cleanup, "echo", { plugins: [old] });
    const client = await connect(port());
    client.end("hello");
    await eventually(() => expect([...proxy.sessions][0]?.fromClient.bytes).to.equal(5));
    await new Promise((resolve) => void setTimeout(resolve, 20));
    await proxy.apply(config([]));
    expect(String(await readAll(client))).to.equal("hello");
    expect(tornAtFlush).to.equal(false);
    await eventually(() => expect(torn).to.equal(true));
  });

  it("a SluiceError thrown in a byte hook ends the session with its own reason, also with onError bypass", async () => {
    const strict = definePlugin("strict", () => ({
      fromClient: (data: Observable<Buffer>) =>
        data.pipe(
          each(() => {
            throw new SluiceError("SLUICE_RATE_LIMITED", "too much");
          }),
        ),
    }));
    const { port, ended, all } = await startForward(cleanup, "echo", { plugins: [strict({ onError: "bypass" })] });
    const client = await connect(port());
    client.write("hello");
    expect((await ended()).reason).to.equal("SLUICE_RATE_LIMITED");
    expect(all("plugin-fault")).to.deep.equal([]);
  });

  const tardy: Readonly<Record<string, FunctionPlugin>> = {
    "behind a promise": { fromClient: (data) => from(pause(50)).pipe(switchMap(() => data)) },
    "behind a greeting": { fromClient: (data) => concat(timer(50).pipe(ignoreElements()), data) },
    "in a later turn": { fromClient: (data) => data.pipe(subscribeOn(asyncScheduler)) },
  };
  for (const [name, hooks] of Object.entries(tardy)) {
    it(`operators that subscribe ${name} lose no bytes that came before`, async () => {
      const { port } = await startForward(cleanup, "echo", {
        plugins: [plugin("tardy", hooks), plugin("too", hooks, { onError: "bypass" })],
      });
      const client = await connect(port());
      client.end("hello");
      expect(String(await readAll(client))).to.equal("hello");
    });
  }

  it("the reset of a client is seen even if its operators never subscribe", async () => {
    const use = plugin("deaf", { fromClient: () => NEVER });
    const { port, ended } = await startForward(cleanup, (socket) => void socket.resume().write("hi"), { plugins: [use] });
    const client = await connect(port());
    client.write("hello");
    await readBytes(client, 2);
    client.resetAndDestroy();
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
  });
});
