import { expect } from "chai";
import type { Socket } from "node:net";
import { map } from "rxjs";
import { definePlugin, type Proxy } from "sluice";
import { carry, each } from "sluice/flow";
import { jsonLines, messages } from "sluice/codec";
import { echo } from "sluice/plugins";
import { says } from "../support/exchange.ts";
import { createCleanup } from "../support/cleanup.ts";
import { EventReader } from "../support/event-reader.ts";
import { eventually } from "../support/eventually.ts";
import { connect } from "../support/sockets.ts";
import { startAdmin, type AdminApi } from "../support/with-admin.ts";

let calls = 0;
/** Numbers chunks by a closure's state: it would begin again if its hook were called again. */
const count = definePlugin("count", () => ({
  fromClient: (data) => {
    let seen = 0;
    calls += 1;
    return data.pipe(each((chunk) => Buffer.concat([chunk, Buffer.from(String((seen += 1)))])));
  },
}));
const raw = definePlugin("raw", () => ({ fromClient: (data) => data.pipe(map((chunk) => Buffer.concat([chunk, Buffer.from("r")]))) }));
const same = definePlugin("same", () => ({ fromClient: (data) => data.pipe(each((chunk) => chunk)) }));
const kept = definePlugin("kept", () => ({
  fromClient: (data) =>
    data.pipe(
      carry({ start: () => ({ n: 0 }), step: (state, chunk) => (String(chunk).startsWith("drop") ? null : ((state.n += 1), chunk)) }),
    ),
}));

const counted = definePlugin("count messages", () => ({
  fromClient: (data) =>
    data.pipe(
      messages(
        jsonLines(),
        each((message) => message),
      ),
    ),
}));

describe("events of the admin API", () => {
  const cleanup = createCleanup();
  let proxy: Proxy;
  let api: AdminApi;
  let port: (listener?: string) => number;

  const reader = async (query: string, headers?: Record<string, string>): Promise<EventReader> => {
    return cleanup.keep(await EventReader.open(api, query, headers));
  };
  const open = async (listener = "web"): Promise<Socket> => cleanup.keep(await connect(port(listener)));
  const sessionId = async (): Promise<number> =>
    (await api.get<{ sessions: { id: number }[] }>("sessions?filter=state:open")).sessions[0]?.id ?? 0;

  beforeEach(async () => {
    calls = 0;
    const started = await startAdmin({
      listeners: {
        web: { listen: "tcp://127.0.0.1:0", plugins: [count(), same(), kept(), echo()] },
        mixed: { listen: "tcp://127.0.0.1:0", plugins: [same(), raw(), count(), echo()] },
        lines: { listen: "tcp://127.0.0.1:0", plugins: [counted(), echo()] },
        plain: { listen: "tcp://127.0.0.1:0", plugins: [echo()] },
      },
    });
    ({ proxy, api, port } = started);
    cleanup.add(() => proxy.close());
  });
  afterEach(() => cleanup.run());

  it("report sessions and reloads, each only under its topic, with increasing ids", async () => {
    const [all, reloads] = [await reader("topics=sessions,reloads"), await reader("topics=reloads")];
    const socket = await open();
    await says(socket, "x", "x1");
    expect((await all.event("session-started")).data).to.deep.include({ listener: "web", state: "open" });
    await api.call("PATCH", "listeners/web/plugins/count", { json: { enabled: false } });
    expect((await all.event("reloaded")).data).to.deep.include({ generation: 2, origin: "override", overrides: 1 });
    socket.end();
    expect((await all.event("session-ended")).data).to.deep.include({ reason: "closed", bytes: 3 });
    await api.call("PATCH", "listeners/web/plugins/count", { json: { options: { x: 1 } } });
    await reloads.event("reloaded");
    expect(reloads.events.map(({ type }) => type)).to.deep.equal(["reloaded"]);
    const ids = all.events.map(({ id }) => id);
    expect(ids).to.deep.equal(ids.toSorted((a, b) => a - b));
  });

  it("report rates, by listener and plugin", async () => {
    const rates = await reader("topics=rates");
    const socket = await open();
    for (let at = 1; at <= 100; at += 1) await says(socket, "x", `x${at}`);
    const found = await rates.event("rates", ({ data }) => data.listeners[0].fromClient.chunks === 100);
    const [web] = found.data.listeners;
    expect(web).to.deep.include({ listener: "web", sessions: 1 });
    expect(web.plugins[0]).to.deep.include({ plugin: "count", errors: 0 });
    expect(web.plugins[0].fromClient).to.deep.include({ chunksIn: 100, bytesIn: 100, chunksOut: 100, bytesOut: 292, drops: 0 });
    expect(web.plugins[1].fromClient).to.deep.include({ chunksIn: 100, bytesIn: 292 });
    expect(web.plugins[0].fromClient.p50).to.be.a("number").and.be.above(0);
  });

  it("continue with the event after the last that a reader received, and say how many it has lost", async () => {
    const first = await reader("topics=sessions");
    await open();
    const { id } = await first.event("session-started");
    first.close();
    const [one, two] = [await open(), await open()];
    await says(one, "x", "x1");
    await says(two, "x", "x1");
    const again = await reader("topics=sessions", { "last-event-id": String(id) });
    await open();
    await again.event("session-started", (event) => event.id > id + 2);
    expect(again.events.filter(({ type }) => type === "session-started").map((event) => event.id > id)).to.not.include(false);
    expect((await api.call("GET", "events?topics=sesions")).status).to.equal(400);
    expect((await api.call("GET", "events?topics=sessions", { headers: { "last-event-id": "x" } })).status).to.equal(400);
    expect((await api.call("GET", "events", { headers: { authorization: "Bearer no" } })).status).to.equal(401);
    expect((await api.call("GET", "events?lastEventId=-1")).status).to.equal(400);
    expect((await api.call("HEAD", "events")).status, "the head of what never ends").to.equal(405);
    const byQuery = await reader(`topics=sessions&lastEventId=${id}`);
    await byQuery.event("session-started", (event) => event.id > id);
  });

  it("give a reader that comes back with an id of an earlier process everything, however many events either has had", async () => {
    const first = await reader("topics=sessions");
    for (let at = 0; at < 3; at += 1) await open();
    await first.event("session-started", ({ id }) => id === (first.events[0]?.id ?? 0) + 2);
    const ids = first.events.map(({ id }) => id);
    const later = Number.MAX_SAFE_INTEGER;
    // The ids that a process which began a second, or a year, earlier gave to its first events, and that of a clock which was set back.
    for (const id of [1, 2, (ids[0] ?? 0) - 1_000_000, Date.UTC(2025, 0) * 1000 + 2, later]) {
      const again = await reader("topics=sessions", { "last-event-id": String(id) });
      await again.event("session-started", (event) => event.id === ids[2]);
      expect(again.events.map((event) => event.id)).to.deep.equal(ids);
    }
  });

  it("show the chunks of an open session before and after each plugin, without a new hook call or loss of a closure's state", async () => {
    const socket = await open();
    await says(socket, "a", "a1");
    const tap = await reader(`topics=tap:${await sessionId()}`);
    await says(socket, "b", "b2");
    await tap.event("chunk", ({ data }) => data.direction === "fromUpstream");
    const seen = tap.events.filter(({ data }) => data.direction === "fromClient").map(({ data }) => data);
    const text = (data: string | undefined): string | undefined =>
      data === undefined ? undefined : Buffer.from(data, "base64").toString();
    expect(seen.map(({ plugin, bytes, same: unchanged, data }) => [plugin, bytes, unchanged, text(data)])).to.deep.equal([
      [undefined, 1, false, "b"],
      ["count", 2, false, "b2"],
      ["same", 2, true, undefined],
      ["kept", 2, true, undefined],
    ]);
    expect(new Set(seen.map(({ chunk }) => chunk)).size).to.equal(1);
    socket.write("drop");
    const dropped = await tap.event("chunk", ({ data }) => data.plugin === "kept" && data.bytes === undefined);
    expect(dropped.data.data).to.equal(undefined);
    tap.close();
    await says(socket, "c", "c4");
    await says(socket, "d", "d5");
    expect(calls).to.equal(1);
  });

  it("show plain RxJS operators too, a session without plugins, and all sessions of a listener, including future ones", async () => {
    const tap = await reader("topics=tap:mixed,tap:plain");
    const [mixed, plain] = [await open("mixed"), await open("plain")];
    await says(mixed, "m", "mr1");
    await says(plain, "p", "p");
    await tap.event("chunk", ({ data }) => data.listener === "plain" && data.direction === "fromUpstream");
    const of = (listener: string): unknown[] =>
      tap.events
        .filter(({ data }) => data.listener === listener && data.direction === "fromClient")
        .map(({ data }) => [data.plugin ?? "client", data.bytes]);
    expect(of("mixed")).to.deep.equal([
      ["client", 1],
      ["same", 1],
      ["raw", 2],
      ["count", 3],
    ]);
    expect(of("plain")).to.deep.equal([["client", 1]]);
    expect((await api.get<{ fromClient: object }>("listeners/mixed/plugins/raw")).fromClient).to.deep.include({
      chunksIn: 1,
      bytesIn: 1,
      chunksOut: 1,
      bytesOut: 2,
    });
  });

  it("show as texts the messages in a chunk behind a plugin that works on messages", async () => {
    const tap = await reader("topics=tap:lines");
    const socket = await open("lines");
    await says(socket, '{"a":1}\n{"b":[2]}\n{"c"', '{"a":1}\n{"b":[2]}\n');
    await tap.event("chunk", ({ data }) => data.direction === "fromUpstream");
    const seen = tap.events.filter(({ data }) => data.direction === "fromClient").map(({ data }) => [data.plugin, data.messages] as const);
    expect(seen[0], "where it came in: bytes").to.deep.equal([undefined, undefined]);
    expect(seen.slice(1).flatMap(([, texts]) => texts as string[])).to.deep.equal(["{ a: 1 }", "{ b: [ 2 ] }"]);
    expect(seen.slice(1).map(([plugin]) => plugin))
      .to.include("count messages")
      .and.not.include(undefined);
  });

  it("a tap follows a session over a swap", async () => {
    const socket = await open();
    await says(socket, "a", "a1");
    const tap = await reader(`topics=tap:${await sessionId()}`);
    await api.call("PATCH", "listeners/web/plugins/count", { json: { enabled: false } });
    await says(socket, "b", "b");
    await tap.event("chunk", ({ data }) => data.plugin === "kept");
    expect(tap.events.filter(({ data }) => data.direction === "fromClient").map(({ data }) => data.plugin)).to.deep.equal([
      undefined,
      "same",
      "kept",
    ]);
  });

  it("a reader that stops reading costs less than 1 MiB, affects no session, and learns how many events it lost", async () => {
    const stalled = await reader("topics=tap:plain");
    stalled.pause();
    const socket = await open("plain");
    const chunk = "x".repeat(16_384);
    // 3,000 chunks both ways, in base64: 120 MiB.
    for (let at = 0; at < 3_000; at += 1) await says(socket, chunk, chunk);
    stalled.resume();
    await stalled.event("dropped", ({ data }) => data.dropped > 1_000);
    await eventually(() => expect(stalled.events.filter(({ type }) => type === "chunk").length).to.be.below(2_000));
  }).timeout(60_000);
});
