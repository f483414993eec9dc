import { expect } from "chai";
import { Subject } from "rxjs";
import { SluiceError, type ProxyEvent, type SessionRecord } from "sluice";
import { logging } from "sluice/plugins";
import { createLogger } from "../../../core/runtime/log/logger.ts";
import { Logging, type LoggingOptions } from "../../../plugins/logging.ts";
import { createLog, createSession, parseOptions, refusedPaths, type LogLine } from "./support/fakes.ts";

const record: SessionRecord = {
  listener: "web",
  session: 7,
  transport: "tcp",
  client: "192.0.2.1:50000",
  upstream: "10.0.0.1:9000",
  generation: 3,
  reason: "closed",
  phase: "flow",
  durationMs: 12,
  fromClient: { bytes: 3, chunks: 1 },
  fromUpstream: { bytes: 5, chunks: 2 },
};

function run(input: object, events: ProxyEvent[], bindings?: object): LogLine[] {
  const { logger, lines } = createLog(bindings);
  const bus = new Subject<ProxyEvent>();
  const plugin = new Logging(parseOptions<LoggingOptions>(logging, input), logger, bus);
  plugin.setup();
  for (const event of events) bus.next(event);
  plugin.teardown();
  expect(bus.observed).to.equal(false);
  return lines;
}

function chunk(form: string, data: Buffer): LogLine | undefined {
  const { logger, lines } = createLog();
  const plugin = new Logging(parseOptions<LoggingOptions>(logging, { chunks: form }), logger, new Subject());
  const source = new Subject<Buffer>();
  const passed: Buffer[] = [];
  plugin.fromClient?.(source, createSession().session).subscribe((out) => passed.push(out));
  source.next(data);
  expect(passed).to.deep.equal([data]);
  return lines[0];
}

describe("logging", () => {
  it("writes exactly one record when a session ends", () => {
    const lines = run({}, [{ type: "session-ended", listener: "web", record, error: undefined }]);
    const { phase: _, ...fields } = record;
    expect(lines).to.deep.equal([{ level: "info", fields, message: "session ended" }]);
  });

  const failed = new SluiceError("SLUICE_UPSTREAM_REFUSED", "x");
  const happened: ProxyEvent[] = [
    { type: "session-started", listener: "web", session: createSession().session },
    { type: "session-refused", listener: "web", client: "192.0.2.1:50001", error: new SluiceError("SLUICE_LIMIT_SESSIONS", "full") },
    { type: "session-ended", listener: "web", record: { ...record, reason: failed.code }, error: failed },
  ];
  const thresholds: readonly (readonly [string, readonly string[]])[] = [
    ["trace", ["session started", "session refused", "session ended", "session failed"]],
    ["debug", ["session started", "session refused", "session ended", "session failed"]],
    ["info", ["session ended", "session failed"]],
    ["warn", ["session failed"]],
    ["error", []],
  ];
  for (const [level, messages] of thresholds) {
    for (const proxyLevel of ["silent", "info", "trace"] as const) {
      it(`with level ${level} writes ${messages.join(", ") || "nothing"}, also when the proxy's own level is ${proxyLevel}`, () => {
        const written: string[] = [];
        const logger = createLogger({
          level: proxyLevel,
          to: { write: (line) => void written.push((JSON.parse(line) as { msg: string }).msg) },
        });
        const bus = new Subject<ProxyEvent>();
        const plugin = new Logging(parseOptions<LoggingOptions>(logging, { level }), logger, bus);
        plugin.setup();
        for (const event of happened) bus.next(event);
        expect(written).to.deep.equal(messages);
      });
    }
  }

  it("does not repeat a listener that the logger is bound to", () => {
    const [line] = run({}, [{ type: "session-ended", listener: "web", record, error: undefined }], { listener: "web" });
    expect(line?.fields).not.to.have.property("listener");
  });

  it("says at debug that a session started or was refused", () => {
    const { session } = createSession({ id: 9 });
    const error = new SluiceError("SLUICE_LIMIT_SESSIONS", "full");
    const lines = run({}, [
      { type: "session-started", listener: "web", session },
      { type: "session-refused", listener: "web", client: "192.0.2.1:50001", error },
    ]);
    expect(lines[0]).to.deep.equal({
      level: "debug",
      fields: { listener: "web", session: 9, transport: "tcp", client: "192.0.2.1:50000" },
      message: "session started",
    });
    expect(lines[1]).to.deep.include({ level: "debug", message: "session refused" });
    expect(lines[1]?.fields).to.include({ listener: "web", client: "192.0.2.1:50001", code: "SLUICE_LIMIT_SESSIONS" });
  });

  it("warns of a session that failed by the upstream, not of a plugin's fault, which the proxy logs, a client that went away or a proxy that stops", () => {
    const failures = ["SLUICE_UPSTREAM_REFUSED", "SLUICE_PLUGIN_FAILED", "SLUICE_CLIENT_RESET", "SLUICE_CLOSED"] as const;
    const lines = run(
      {},
      failures.map((code) => ({
        type: "session-ended",
        listener: "web",
        record: { ...record, reason: code },
        error: new SluiceError(code, "x"),
      })),
    );
    const warned = lines.filter(({ message }) => message === "session failed");
    expect(warned.map(({ level, fields }) => [level, fields["code"]])).to.deep.equal([["warn", "SLUICE_UPSTREAM_REFUSED"]]);
  });

  it("says in the record of a session what its client did wrong, and not twice what failed elsewhere", () => {
    const codes = ["SLUICE_CLIENT_PROTOCOL", "SLUICE_CLIENT_RESET", "SLUICE_UPSTREAM_REFUSED"] as const;
    const lines = run(
      {},
      codes.map((code) => ({ type: "session-ended", listener: "web", record, error: new SluiceError(code, "no header\n") })),
    );
    const ended = lines.filter(({ message }) => message === "session ended");
    expect(ended.map(({ fields }) => fields["message"])).to.deep.equal(["no header\\x0a", undefined, undefined]);
  });

  it("has no byte hook unless chunks are logged", () => {
    const plugin = new Logging(parseOptions<LoggingOptions>(logging, {}), createLog().logger, new Subject());
    expect(plugin).not.to.have.property("fromClient");
    expect(plugin).not.to.have.property("fromUpstream");
  });

  it("logs the size of a chunk alone with chunks: size", () => {
    expect(chunk("size", Buffer.from("abc"))?.fields)
      .to.include({ bytes: 3, direction: "fromClient" })
      .and.not.have.property("data");
  });

  it("logs the bytes of a chunk with chunks: hex", () => {
    expect(chunk("hex", Buffer.from([0, 255]))?.fields).to.include({ bytes: 2, data: "00ff" });
  });

  it("escapes control characters with chunks: text", () => {
    const line = chunk("text", Buffer.from("a\u001b[31mb\r\n\u202ec"));
    expect(line?.fields["data"]).to.equal("a\\x1b[31mb\\x0d\\x0a\\u202ec");
  });

  it("shows no more than 4 KiB of a chunk, and says so", () => {
    const line = chunk("text", Buffer.alloc(5_000, "x"));
    expect(line?.fields).to.include({ bytes: 5_000, truncated: true });
    expect(line?.fields["data"]).to.have.length(4_096);
  });

  for (const [option, value] of [
    ["level", "loud"],
    ["chunks", true],
    ["chunks", "base64"],
    ["unknown", 1],
  ] as const) {
    it(`refuses ${option}: ${String(value)}`, () => {
      expect(refusedPaths(logging, { [option]: value })).to.deep.equal([option]);
    });
  }
});
