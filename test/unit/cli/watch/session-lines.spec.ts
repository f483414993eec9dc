import { expect } from "chai";
import picocolors from "picocolors";
import type { ChunkEvent } from "../../../../core/admin/events/session-tap.ts";
import type { SessionView } from "../../../../core/admin/sessions/session-view.ts";
import { SessionLines } from "../../../../core/cli/watch/session-lines.ts";

const at = new Date(2026, 0, 2, 3, 4, 5, 6).getTime();
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const who = { id: 7, listener: "web", transport: "tcp", client: "127.0.0.1:4711", upstream: "127.0.0.1:80" };
const when = { startedAt: at, durationMs: 1234, generation: 1 };
const carried = { bytes: 2053, fromClient: { bytes: 5, chunks: 1 }, fromUpstream: { bytes: 2048, chunks: 1 } };
const view: SessionView = { ...who, ...when, ...carried, state: "ended", reason: "closed", plugins: ["shout"] };
const place = { session: 7, listener: "web", direction: "fromClient", chunk: 1, plugin: undefined, at } as const;
const chunk: ChunkEvent = { ...place, bytes: 5, took: undefined, same: false, data: base64("hello"), messages: undefined };

describe("the lines of sluice watch", () => {
  const lines = (hex = false, columns = 80): SessionLines =>
    new SessionLines({ hex, colors: picocolors.createColors(false), columns: () => columns });

  it("say when a session begins and ends, and how", () => {
    expect(lines().of({ type: "session-started", data: view })).to.deep.equal(["03:04:05.006       7 + web 127.0.0.1:4711"]);
    expect(lines().of({ type: "session-ended", data: view })).to.deep.equal([
      "03:04:06.240       7 - web to 127.0.0.1:80 after 1234 ms, → 5 B, ← 2.0 KiB, closed",
    ]);
    const failed = {
      ...view,
      upstream: undefined,
      reason: "SLUICE_UPSTREAM_REFUSED",
      durationMs: 65_000,
      message: "refused\nmore",
    } as const;
    expect(lines().of({ type: "session-ended", data: failed })).to.deep.equal([
      "03:05:10.006       7 - web after 1 min 5 s, → 5 B, ← 2.0 KiB, SLUICE_UPSTREAM_REFUSED: refused",
    ]);
  });

  it("show a chunk where it came in, and behind the plugins that changed or dropped it alone", () => {
    const of = (event: Partial<ChunkEvent>): string[] => lines().of({ type: "chunk", data: { ...chunk, ...event } });
    expect(of({})).to.deep.equal(["03:04:05.006       7 → client                5 B  hello"]);
    expect(of({ plugin: "shout", data: base64("HELLO") })).to.deep.equal(["03:04:05.006       7 → shout                 5 B  HELLO"]);
    expect(of({ plugin: "same", same: true, data: undefined })).to.deep.equal([]);
    expect(of({ plugin: "quiet", bytes: undefined, data: undefined })).to.deep.equal(["03:04:05.006       7 → quiet             dropped"]);
    expect(of({ direction: "fromUpstream", bytes: 65_536 })).to.deep.equal(["03:04:05.006       7 ← upstream         64.0 KiB  hello"]);
  });

  it("show the messages of a codec instead of bytes, and dumps where they are asked for, as wide as the terminal", () => {
    const messages = ['{ "a": 1 }', '{ "b": 2 }'];
    const data = { ...chunk, plugin: "words", messages };
    expect(lines().of({ type: "chunk", data })).to.deep.equal(['03:04:05.006       7 → words                 5 B  { "a": 1 }  { "b": 2 }']);
    expect(lines(false, 60).of({ type: "chunk", data: { ...data, messages: ["x".repeat(100)] } })[0]).to.match(/ x{19}…$/);
    expect(lines(true).of({ type: "chunk", data })).to.deep.equal([
      "03:04:05.006       7 → words                 5 B",
      `${" ".repeat(8)}0000  68 65 6c 6c 6f${" ".repeat(36)}hello`,
    ]);
  });

  it("say what was dropped, and what happens to the proxy", () => {
    const of = (event: Parameters<SessionLines["of"]>[0]): string =>
      lines()
        .of(event)
        .join("\n")
        .replace(/^[\d:.]+ +/, "");
    expect(of({ type: "dropped", data: { dropped: 12 } })).to.equal("dropped 12 events: they came faster than they could be shown");
    expect(of({ type: "reloaded", data: { generation: 3, overrides: 1 } })).to.equal("reloaded generation 3 (1 override)");
    expect(of({ type: "refused", data: { error: { message: "a.ts:1:2\nexpected ;" } } })).to.equal("refused: a.ts:1:2; expected ;");
    expect(of({ type: "endpoint-down", data: { listener: "web", endpoint: "db:5432" } })).to.equal("web: db:5432 is down");
    expect(of({ type: "endpoint-up", data: { listener: "web", endpoint: "db:5432" } })).to.equal("web: db:5432 is up");
  });
});
