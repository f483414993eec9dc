import { expect } from "chai";
import type { SluiceError, HttpHeaders, HttpResponse } from "sluice";
import { Readable } from "node:stream";
import { FakeLeg } from "../../../support/fake-leg.ts";
import { StaleConnection } from "../../../../plugins/http/upstream-failure.ts";
import { UpstreamConnection, type Asker, type ConnectionOwner } from "../../../../plugins/http/upstream-connection.ts";

const head = Buffer.from("GET / HTTP/1.1\r\n\r\n");
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Asking implements Asker {
  response: HttpResponse | undefined;
  error: SluiceError | undefined;
  hints = 0;
  /** How often it was told of an end. */
  told = 0;

  constructor(
    readonly method = "GET",
    private readonly atOnce: (response: HttpResponse) => void = () => undefined,
  ) {}

  hinted(_headers: HttpHeaders): void {
    this.hints += 1;
  }

  answered(response: HttpResponse): void {
    this.told += 1;
    this.response = response;
    this.atOnce(response);
  }

  failed(error: SluiceError): void {
    this.told += 1;
    this.error = error;
  }

  get isStale(): boolean {
    return this.error?.cause instanceof StaleConnection;
  }
}

/** A connection with what its owner is told. */
function opened(leg = new FakeLeg(), freed: (connection: UpstreamConnection) => void = () => undefined) {
  const seen = { free: 0, gone: 0, keptFor: 0 };
  const owner: ConnectionOwner = {
    name: "a:1",
    free(connection, keptFor) {
      seen.free += 1;
      seen.keptFor = keptFor;
      freed(connection);
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
  open.connection.ask(head, asking);
  open.connection.read();
  return { ...open, asking };
}

/** What a body holds by now. */
function bytesOf(body: HttpResponse["body"]): string {
  if (!(body instanceof Readable)) return String(body ?? "");
  return String((body.read() as Buffer | null) ?? "");
}

describe("A connection to an upstream", () => {
  it("gives a response that came in one piece as a whole, and is free before it is told of", () => {
    const { leg, connection, seen } = opened();
    const asking = new Asking("GET", () => expect(seen.free).to.equal(1));
    connection.ask(head, asking);
    connection.read();
    expect(leg.written).to.deep.equal([String(head)]);
    expect(leg.says(ok)).to.equal(true);
    expect([asking.told, asking.response?.status, bytesOf(asking.response?.body)]).to.deep.equal([1, 200, "ok"]);
    expect(seen).to.deep.equal({ free: 1, gone: 0, keptFor: Infinity });
  });

  it("gives the trailers of a small body, too", () => {
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
      connection.ask(head, second);
      if (bytes !== "") leg.says(bytes);
      leg.finishes();
      expect([second.told, second.error?.code, second.isStale]).to.deep.equal([1, "SLUICE_UPSTREAM_RESET", isStale]);
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
    expect([asking.hints, asking.told]).to.deep.equal([2, 0]);
    for (let at = 0; at < 1_000 && asking.told === 0; at += 1) leg.says(hint);
    expect(asking.hints).to.be.lessThan(1_000);
    expect([asking.error?.code, leg.fate, seen.gone]).to.deep.equal(["SLUICE_UPSTREAM_PROTOCOL", "reset", 1]);
  });
});
