import { expect } from "chai";
import type { HttpResponse } from "sluice";
import { Readable } from "node:stream";
import { FakeLeg } from "../../../../../support/fake-leg.ts";
import { StaleConnection, UpstreamFailures } from "../../../../../../plugins/http/upstream/connection/upstream-failure.ts";
import { UpstreamConnection } from "../../../../../../plugins/http/upstream/connection/upstream-connection.ts";
import type { ConnectionOwner } from "../../../../../../plugins/http/upstream/connection/requester.ts";
import { Asking as FakeAsking } from "../../fake-endpoint.ts";

const head = "GET / HTTP/1.1\r\n\r\n";
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Asks by a method, and notes what it is told. */
class Asking extends FakeAsking {
  constructor(
    override readonly method = "GET",
    atOnce?: (response: HttpResponse | undefined) => void,
  ) {
    super(atOnce);
  }

  get isStale(): boolean {
    return this.error?.cause instanceof StaleConnection;
  }
}

/** A connection with what its owner is told. */
function opened(leg = new FakeLeg(), freed: (connection: UpstreamConnection) => void = () => undefined) {
  const seen = { free: 0, streams: 0, gone: 0, keptFor: 0 };
  const owner: ConnectionOwner<UpstreamConnection> = {
    name: "a:1",
    failures: new UpstreamFailures("a:1"),
    free(connection, keptFor) {
      seen.free += 1;
      seen.keptFor = keptFor;
      freed(connection);
    },
    streams() {
      seen.streams += 1;
    },
    gone() {
      seen.gone += 1;
    },
  };
  const connection = new UpstreamConnection(leg, owner, { header: 1024, fields: 10 });
  return { leg, connection, seen };
}

function asked(asking = new Asking(), leg = new FakeLeg()) {
  const open = opened(leg);
  asking.asks(open.connection);
  open.connection.read();
  return { ...open, asking };
}

/** What a body holds by now. */
function bytesOf(body: HttpResponse["body"]): string {
  if (!(body instanceof Readable)) return String(body ?? "");
  // From Node 26 on, one read gives what came in one piece.
  const pieces: Buffer[] = [];
  for (let piece: unknown = body.read(); piece !== null; piece = body.read()) pieces.push(piece as Buffer);
  return String(Buffer.concat(pieces));
}

describe("A connection to an upstream", () => {
  it("returns a response that came in one chunk as a whole, and is free before it reports it", () => {
    const { leg, connection, seen } = opened();
    const asking = new Asking("GET", () => expect(seen.free).to.equal(1));
    asking.asks(connection);
    connection.read();
    expect(leg.written).to.deep.equal([head]);
    expect(leg.says(ok)).to.equal(true);
    expect([asking.told.length, asking.response?.status, bytesOf(asking.response?.body)]).to.deep.equal([1, 200, "ok"]);
    expect(seen).to.deep.equal({ free: 1, streams: 0, gone: 0, keptFor: Infinity });
  });

  it("returns the trailers of a small body, too", () => {
    const { leg, asking } = asked();
    leg.says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n");
    expect(asking.response?.body).to.be.instanceOf(Readable);
    expect(bytesOf(asking.response?.body)).to.equal("ok");
    expect(asking.response?.trailers?.()).to.deep.equal({ "x-sum": "7" });
  });

  for (const [what, bytes, isStale] of [
    ["no byte of a response", "", true],
    ["a byte of a response", "H", false],
    ["a hint", "HTTP/1.1 103 Early Hints\r\n\r\n", false],
  ] as const) {
    it(`was ${isStale ? "" : "not "}stale if it ends with ${what} to its second request`, () => {
      const { leg, connection, seen } = asked();
      leg.says(ok);
      const second = new Asking();
      second.asks(connection);
      if (bytes !== "") leg.says(bytes);
      leg.finishes();
      expect([second.told.length, second.error?.code, second.isStale]).to.deep.equal([1, "SLUICE_UPSTREAM_RESET", isStale]);
      expect(seen).to.include({ free: 1, gone: 1 });
    });
  }

  it("was not stale if it ends without a response to its first request", () => {
    const { leg, asking } = asked();
    leg.finishes();
    expect([asking.error?.code, asking.isStale]).to.deep.equal(["SLUICE_UPSTREAM_RESET", false]);
  });

  it("passes hints on, and ends where they have no end", () => {
    const { leg, asking, seen } = asked();
    const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    leg.says(`${hint}HTTP/1.1 102 Processing\r\n\r\n${hint}`);
    expect([asking.informedOf, asking.told]).to.deep.equal([[103, 102, 103], []]);
    for (let at = 0; at < 1_000 && asking.told.length === 0; at += 1) leg.says(hint);
    expect(asking.informedOf.length).to.be.lessThan(1_000);
    expect([asking.error?.code, leg.fate, seen.gone]).to.deep.equal(["SLUICE_UPSTREAM_PROTOCOL", "reset", 1]);
  });

  it("passes a body on as it comes, pauses while it is not read, and then continues with the next request", () => {
    const { leg, asking, connection, seen } = asked();
    const half = "x".repeat(100_000);
    expect(leg.says(`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${half}`)).to.equal(false);
    expect([asking.told.length, leg.resumed, seen.free]).to.deep.equal([1, 0, 0]);
    expect(bytesOf(asking.response?.body)).to.equal(half);
    expect(leg.resumed).to.equal(1);
    expect(leg.says(half)).to.equal(true);
    expect(seen.free).to.equal(1);
    const second = new Asking();
    second.asks(connection);
    leg.says(ok);
    expect([bytesOf(asking.response?.body), bytesOf(second.response?.body)]).to.deep.equal([half, "ok"]);
  });

  it("takes what comes though it was stopped, as over TLS, and reads on once that was all", () => {
    const { leg, asking, seen } = asked();
    const third = "x".repeat(100_000);
    leg.says(`HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n${third}`);
    expect(leg.says(third)).to.equal(false);
    expect(leg.resumed).to.equal(0);
    leg.says(third);
    expect([leg.resumed, seen.free]).to.deep.equal([1, 1]);
    expect(bytesOf(asking.response?.body).length).to.equal(300_000);
  });

  it("is not kept when more came than was asked for, and the response is", () => {
    for (const text of [ok + ok, `${ok}x`, `HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n`]) {
      const { leg, asking, seen } = asked();
      leg.says(text);
      expect([asking.told.length, asking.error, leg.fate]).to.deep.equal([1, undefined, "destroyed"]);
      expect(seen).to.include({ free: 0, gone: 1 });
    }
  });

  it("breaks when an upgrade comes that was not requested", () => {
    const { leg, asking } = asked();
    leg.says("HTTP/1.1 101 Switching Protocols\r\n\r\nanything");
    expect([asking.told.length, asking.error?.code, leg.fate]).to.deep.equal([1, "SLUICE_UPSTREAM_PROTOCOL", "reset"]);
  });

  it("fails where the rest of a response is malformed: the request before it was answered, the body after", () => {
    const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
    const early = asked();
    early.leg.says(`${answer}oops\r\n`);
    expect([early.asking.told.length, early.asking.error?.code]).to.deep.equal([1, "SLUICE_UPSTREAM_PROTOCOL"]);
    const late = asked();
    late.leg.says(answer);
    late.leg.says("oops\r\n");
    const body = late.asking.response?.body as Readable;
    expect([body.errored, String(body.read())]).to.deep.equal([null, "x"]);
    expect(body).to.have.nested.property("errored.code", "SLUICE_UPSTREAM_PROTOCOL");
    expect([early.leg.fate, late.leg.fate, late.seen.gone]).to.deep.equal(["reset", "reset", 1]);
  });

  it("serves the next request from within the answer to the last", () => {
    const second = new Asking();
    let next: Asking | undefined = second;
    const { leg, connection } = opened(new FakeLeg(), (freed) => {
      const asking = next;
      next = undefined;
      if (asking !== undefined) asking.asks(freed);
    });
    const first = new Asking("HEAD");
    first.asks(connection);
    connection.read();
    leg.says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    leg.says(ok);
    expect([first.told.length, second.told.length, bytesOf(first.response?.body), bytesOf(second.response?.body)]).to.deep.equal([
      1,
      1,
      "",
      "ok",
    ]);
  });

  it("is reset when the body is left at once, and when the request is given up, but not by who was answered", () => {
    const left = asked(new Asking("GET", (response) => void (response?.body as Readable | undefined)?.destroy()));
    left.leg.says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    expect([left.leg.fate, left.seen.gone]).to.deep.equal(["reset", 1]);
    const given = asked();
    given.leg.says(ok);
    given.connection.abandon(given.asking);
    expect(given.leg.fate).to.equal("open");
    const second = new Asking();
    second.asks(given.connection);
    given.connection.abandon(second);
    expect([second.told.length, given.leg.fate, given.seen.gone]).to.deep.equal([0, "reset", 1]);
  });

  it("says how long the upstream keeps it, and is not kept where it does not", () => {
    const kept = asked();
    kept.leg.says("HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=3\r\n\r\n");
    expect(kept.seen).to.include({ free: 1, keptFor: 2_000 });
    const closed = asked();
    closed.leg.says("HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=1\r\n\r\n");
    expect([closed.leg.fate, closed.seen.free, closed.asking.told.length]).to.deep.equal(["destroyed", 0, 1]);
  });
});
