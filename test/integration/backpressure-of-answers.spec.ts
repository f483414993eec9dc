import { expect } from "chai";
import { concat, ignoreElements, of, Subject, timer, type Observable } from "rxjs";
import { answer, each, inject } from "sluice/flow";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { growthLimit, plenty, push, stalled, startMeasured } from "../support/measured-proxy.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe("backpressure of a plugin's answers and injections", function () {
  this.timeout(90_000);

  const answers = [
    "an answer that echoes",
    "an answer with each on slow promises",
    "an answer with plain operators before each on slow promises",
    "an answer with concatMap on slow promises",
    "an answer by a stream that echoes",
  ];
  for (const shape of answers) {
    it(`stops a client that reads nothing, and memory does not grow, with ${shape}`, async () => {
      const proxy = await startMeasured(cleanup, shape);
      const before = await proxy.rss();
      const client = cleanup.keep(await connect(proxy.port));
      const state = { sent: 0 };
      push(client.pause(), state);
      await stalled(() => state.sent, "the client standing still");
      expect(state.sent, "bytes taken while nobody reads").to.be.below(plenty);
      expect((await proxy.rss()) - before, "bytes of growth").to.be.below(growthLimit);
    });
  }

  it("stops a client that reads while its chunks wait for a promise in an answer", async () => {
    const proxy = await startMeasured(cleanup, "an answer with each on slow promises");
    const before = await proxy.rss();
    const client = cleanup.keep(await connect(proxy.port));
    const state = { sent: 0 };
    push(client.resume(), state);
    let received = 0;
    client.on("data", (chunk: Buffer) => (received += chunk.length));
    await eventually(() => expect(received).to.be.above(2 * 1024 * 1024), { within: 30_000 });
    // Kernel buffers apart, what was sent is what came back.
    expect(state.sent - received, "bytes under way").to.be.below(growthLimit);
    expect((await proxy.rss()) - before, "bytes of growth").to.be.below(growthLimit);
  });

  for (const shape of ["inject of 256 MiB a second", "inject of 256 MiB a second into an answer"]) {
    it(`drops and counts datagrams that exceed the buffer, and memory does not grow, with ${shape}`, async () => {
      const upstream = cleanup.keep(await startUpstream("hang"));
      const proxy = await startMeasured(cleanup, shape, upstream.endpoint);
      const before = await proxy.rss();
      const client = cleanup.keep(await connect(proxy.port));
      client.pause();
      const dropped = async (): Promise<number> => (await proxy.counters())["sluice_injected_dropped_total"] ?? 0;
      await eventually(async () => expect(await dropped()).to.be.above(500), { within: 30_000 });
      expect((await proxy.rss()) - before, "bytes of growth").to.be.below(growthLimit);
    });
  }
});

describe("an answer whose operators subscribe late", () => {
  const greeting = of(Buffer.from("hello "));
  const late: Readonly<Record<string, (data: Observable<Buffer>) => Observable<Buffer>>> = {
    "behind a greeting and a timer": (data) => concat(greeting, timer(50).pipe(ignoreElements()), data) as Observable<Buffer>,
    "the same, with each": (data) =>
      concat(greeting, timer(50).pipe(ignoreElements()), data.pipe(each((chunk) => chunk))) as Observable<Buffer>,
  };
  for (const [what, respond] of Object.entries(late)) {
    it(`loses neither earlier bytes nor the end: ${what}`, async () => {
      const use = plugin("late", { connect: (_attempt, session) => of(answer("late", respond, session)) });
      const { port, proxy } = await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [use] } } });
      cleanup.add(() => proxy.close());
      const client = await connect(port());
      client.write("one ");
      expect(String(await readBytes(client, 6))).to.equal("hello ");
      client.end("two");
      expect(String(await readAll(client))).to.equal("one two");
    });

    it(`loses no earlier datagram: ${what}`, async () => {
      const use = plugin("late", { connect: (_attempt, session) => of(answer("late", respond, session)) });
      const { port, proxy } = await startProxy({ listeners: { web: { listen: "udp://127.0.0.1:0", plugins: [use] } } });
      cleanup.add(() => proxy.close());
      const client = cleanup.keep(await bindUdp());
      const seen: string[] = [];
      client.on("message", (datagram) => seen.push(String(datagram)));
      for (const text of ["one", "two"]) client.send(text, port(), "127.0.0.1");
      await eventually(() => expect(seen).to.deep.equal(["hello ", "one", "two"]));
    });
  }
});

describe("inject into a flow whose buffer is already full (limits.bufferPerFlow)", () => {
  it("is logged once as a warning, and counted", async () => {
    const extra = new Subject<Buffer>();
    const upstream = cleanup.keep(await startUpstream("hang"));
    const use = plugin("injecting", { fromUpstream: (data) => data.pipe(inject(extra)) });
    const started = await startProxy({
      limits: { bufferPerFlow: "64KiB" },
      listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: upstream.endpoint, plugins: [use] } },
    });
    cleanup.add(() => started.proxy.close());
    const client = cleanup.keep(await connect(started.port()));
    client.pause();
    await eventually(() => expect(extra.observed).to.equal(true));
    const dropped = (): number => started.proxy.status().counters["sluice_injected_dropped_total"] ?? 0;
    for (let at = 0; at < 1000 && dropped() < 3; at += 1) extra.next(Buffer.alloc(64 * 1024));
    expect(dropped()).to.equal(3);
    const warnings = started.all("warning").filter(({ message }) => message.includes("inject() in injecting"));
    expect(warnings).to.have.length(1);
    expect(started.all("dropped").map(({ why }) => why)).to.deep.equal(
      Array.from({ length: 3 }, () => "inject() met limits.bufferPerFlow"),
    );
  });
});
