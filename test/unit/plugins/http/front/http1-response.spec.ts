import { expect } from "chai";
import { SluiceError } from "sluice";
import { Http1Response, type ResponseWriter } from "../../../../../plugins/http/front/http1-response.ts";

/** The connection of a response, which notes what happens to it. */
class Writer implements ResponseWriter {
  sent: string[] = [];
  isFull = false;
  answers: boolean[] = [];
  error: SluiceError | undefined;
  failure: SluiceError | undefined;

  send(chunk: Buffer): boolean {
    this.sent.push(chunk.toString("latin1"));
    return !this.isFull;
  }

  answered(isKept: boolean, failure: SluiceError | undefined): void {
    this.answers.push(isKept);
    this.failure = failure;
  }

  abort(error: SluiceError): void {
    this.error = error;
  }
}

const keepAlive = "connection: keep-alive\r\n";
const date = ["date", "now"];

function start(method = "GET", minor = 1, isLast = minor === 0): { readonly writer: Writer; readonly response: Http1Response } {
  const writer = new Writer();
  return { writer, response: new Http1Response(writer, { method, minor, isLast }, keepAlive) };
}

describe("A response of HTTP/1", () => {
  for (const [what, { method, minor, isLast, status = 200, fields = [], isClosing = false, sent, isKept }] of Object.entries<{
    readonly method?: string;
    readonly minor?: number;
    readonly isLast?: boolean;
    readonly status?: number;
    readonly fields?: readonly string[];
    readonly isClosing?: boolean;
    readonly sent: string;
    readonly isKept: boolean;
  }>({
    "has chunks where no length is known": { sent: "transfer-encoding: chunked\r\n$K\r\n2\r\nhi\r\n0\r\n\r\n", isKept: true },
    "has its length": { fields: ["Content-Length", "2"], sent: "Content-Length: 2\r\n$K\r\nhi", isKept: true },
    "closes where it is asked to": { isClosing: true, sent: "transfer-encoding: chunked\r\n$C\r\n2\r\nhi\r\n0\r\n\r\n", isKept: false },
    "closes after the last request": {
      isLast: true,
      fields: ["content-length", "2"],
      sent: "content-length: 2\r\n$C\r\nhi",
      isKept: false,
    },
    "ends with the connection in HTTP/1.0": { minor: 0, isLast: false, sent: "$C\r\nhi", isKept: false },
    "keeps a connection of HTTP/1.0 where it has a length": {
      minor: 0,
      isLast: false,
      fields: ["content-length", "2"],
      sent: "content-length: 2\r\n$K\r\nhi",
      isKept: true,
    },
    "has no body for HEAD": { method: "HEAD", sent: "$K\r\n", isKept: true },
    "tells HEAD of the length": { method: "HEAD", fields: ["content-length", "9"], sent: "content-length: 9\r\n$K\r\n", isKept: true },
    "has no body with 304": { status: 304, fields: ["content-length", "9"], sent: "content-length: 9\r\n$K\r\n", isKept: true },
    "has no length with 204": { status: 204, fields: ["content-length", "2", "x", "y"], sent: "x: y\r\n$K\r\n", isKept: true },
    "has no body for HEAD in HTTP/1.0": { method: "HEAD", minor: 0, isLast: false, sent: "$K\r\n", isKept: true },
  })) {
    it(what, () => {
      for (const isPieces of [false, true]) {
        const { writer, response } = start(method, minor, isLast);
        response.head(status, [...date, ...fields], isClosing);
        if (isPieces) {
          response.flush();
          response.write(Buffer.from("hi"));
          response.end();
        } else response.end(method === "HEAD" || status !== 200 ? undefined : Buffer.from("hi"));
        const lines = sent.replace("$K", keepAlive).replace("$C", "connection: close\r\n");
        expect(writer.sent.join(""))
          .to.match(/^HTTP\/1\.1 /)
          .and.satisfy((text: string) => text.endsWith(`\r\ndate: now\r\n${lines}`));
        expect([writer.answers, response.isWhole, writer.error]).to.deep.equal([[isKept], true, undefined]);
      }
    });
  }

  it("goes out in one piece where all of it is there", () => {
    for (const fields of [date, [...date, "content-length", "2"]]) {
      const { writer, response } = start();
      response.head(200, fields, false);
      response.end(Buffer.from("hi"));
      expect(writer.sent).to.have.lengthOf(1);
    }
  });

  it("ends with trailers where it has chunks, and without them elsewhere", () => {
    for (const [fields, end] of [
      [date, "2\r\nhi\r\n0\r\nx: y\r\n\r\n"],
      [[...date, "content-length", "2"], "\r\n\r\nhi"],
    ] as const) {
      const { writer, response } = start();
      response.head(200, fields, false);
      response.write(Buffer.from("hi"));
      response.trail(["x", "y"]);
      expect(writer.sent.join("").endsWith(end)).to.equal(true);
      expect(writer.answers).to.deep.equal([true]);
    }
  });

  for (const [what, parts] of Object.entries({ shorter: ["a"], longer: ["a", "bc"], "longer at once": ["abc"] })) {
    it(`breaks off where its body is ${what} than its length`, () => {
      const { writer, response } = start();
      response.head(200, ["content-length", "2"], false);
      for (const part of parts) response.write(Buffer.from(part));
      if (what === "shorter") response.end();
      expect([writer.error?.code, writer.answers, response.isWhole]).to.deep.equal(["SLUICE_UPSTREAM_PROTOCOL", [], false]);
      expect(writer.sent.join("")).to.not.include("bc");
    });
  }

  const broken = new SluiceError("SLUICE_UPSTREAM_RESET", "it broke off");
  const breakOff = (fields: readonly string[], { isFull = false, error = broken, minor = 1 } = {}): ReturnType<typeof start> => {
    const begun = start("GET", minor);
    begun.writer.isFull = isFull;
    begun.response.head(200, fields, false);
    begun.response.write(Buffer.from("hi"));
    begun.response.abort(error);
    return begun;
  };

  for (const [what, fields] of Object.entries({ "a length": ["content-length", "9"], chunks: [] })) {
    it(`with ${what} that breaks off ends behind what came, once that was sent`, () => {
      for (const isFull of [false, true]) {
        const { writer, response } = breakOff(fields, { isFull });
        expect(writer.answers).to.deep.equal(isFull ? [] : [false]);
        writer.isFull = false;
        response.drained();
        expect([writer.answers, writer.failure, writer.error, response.isWhole]).to.deep.equal([[false], broken, undefined, false]);
      }
    });
  }

  it("breaks off at once where its end would look whole, where the client is the reason, and while it waits to end", () => {
    const left = new SluiceError("SLUICE_CLIENT_TIMEOUT", "it reads nothing");
    for (const { writer } of [breakOff([], { minor: 0 }), breakOff(["content-length", "2"]), breakOff([], { error: left })])
      expect([writer.answers, writer.error !== undefined]).to.deep.equal([[], true]);
    const { writer, response } = breakOff([], { isFull: true });
    response.abort(left);
    expect(writer.error).to.equal(left);
  });

  for (const [what, status, fields] of [
    ["a status that is none", 99, []],
    ["an interim status", 101, []],
    ["a length that is none", 200, ["content-length", "x"]],
    ["two lengths", 200, ["content-length", "1", "Content-Length", "1"]],
    ["a line break in a value", 200, ["x", "a\r\nb"]],
  ] as const) {
    it(`sends nothing with ${what}, and may be begun again`, () => {
      const { writer, response } = start();
      expect(() => response.head(status, fields, false)).to.throw();
      expect([writer.sent, response.status]).to.deep.equal([[], 0]);
      response.head(502, [], true);
      response.end();
      expect(writer.sent.join("")).to.match(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    });
  }

  it("is over only once the connection has taken it, and then once", () => {
    for (const isFlushed of [false, true]) {
      const { writer, response } = start();
      let closed = 0;
      response.onClosed = () => (closed += 1);
      writer.isFull = true;
      response.head(204, [], false);
      if (isFlushed) response.flush();
      response.end();
      expect([writer.answers, response.isWhole]).to.deep.equal([[], false]);
      response.drained();
      response.drained();
      response.closed();
      expect([writer.answers, response.isWhole, closed]).to.deep.equal([[true], true, 1]);
    }
  });

  it("asks for more of its body when there is room", () => {
    const { writer, response } = start();
    let more = 0;
    response.onDrain = () => (more += 1);
    response.head(200, [], false);
    writer.isFull = true;
    expect(response.write(Buffer.from("a"))).to.equal(false);
    response.drained();
    expect([more, writer.answers]).to.deep.equal([1, []]);
  });

  it("sends nothing once the connection is gone", () => {
    const { writer, response } = start();
    let closed = 0;
    response.onClosed = () => (closed += 1);
    response.closed();
    response.write(Buffer.from("a"));
    response.trail([]);
    response.end();
    response.abort(new Error() as SluiceError);
    expect([writer.sent, writer.answers, writer.error, closed]).to.deep.equal([[], [], undefined, 1]);
  });

  it("follows its interim responses, except on HTTP/1.0, and hints are sent only while there is room", () => {
    const { writer, response } = start();
    response.goOn();
    response.inform({ status: 103, headers: { link: "a" } });
    expect(writer.sent).to.deep.equal(["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n"]);
    writer.isFull = true;
    response.inform({ status: 103, headers: { link: "b" } });
    expect(writer.sent).to.have.lengthOf(2);
    const old = start("GET", 0);
    old.response.goOn();
    old.response.inform({ status: 103, headers: { link: "a" } });
    expect(old.writer.sent).to.deep.equal([]);
  });
});
