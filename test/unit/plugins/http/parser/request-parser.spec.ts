import { expect } from "chai";
import { RequestParser } from "../../../../../plugins/http/parser/request-parser.ts";

const limits = { header: 1024, fields: 10 };
const host = "Host: a\r\n";

interface Verdict {
  readonly good: number;
  readonly detail: string | undefined;
  readonly status: number | undefined;
}

/** Nothing is read after the last request, after one for a WebSocket, and after what is refused. */
function mayGoOn(parser: RequestParser): boolean {
  if (!parser.isWhole) return parser.refusal === undefined;
  if (parser.isLast || parser.upgrade !== undefined) return false;
  parser.next();
  return true;
}

/** What the parser makes of a text in pieces of this size. */
function verdict(text: string, size = text.length): Verdict {
  const parser = new RequestParser(limits);
  const bytes = Buffer.from(text, "latin1");
  let good = 0;
  for (let from = 0; from < bytes.length && parser.refusal === undefined; from += size) {
    const chunk = bytes.subarray(from, from + size);
    let at = 0;
    while (at < chunk.length && mayGoOn(parser)) {
      const next = parser.read(chunk, at);
      if (parser.refusal === undefined) good += next - at;
      at = next;
    }
  }
  return { good, detail: parser.refusal?.detail, status: parser.refusal?.status };
}

const passing: Readonly<Record<string, string>> = {
  "a request": `GET /a?b HTTP/1.1\r\n${host}\r\n`,
  "one of HTTP/1.0 without Host": "GET / HTTP/1.0\r\n\r\n",
  "an empty line before it": `\r\nGET / HTTP/1.1\r\n${host}\r\n`,
  "a body with its length": `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhe\nlo`,
  "several, one after the other": `POST / HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\n${host}\r\n`,
  "chunks with extensions and trailers": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\nA \t;c\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\n${host}\r\n`,
  "a value with tabs and bytes beyond ASCII": `GET / HTTP/1.1\r\n${host}X: a\tb\xe9\r\n\r\n`,
  "an empty value": `GET / HTTP/1.1\r\n${host}X:\r\n\r\n`,
};

const refused: Readonly<Record<string, string>> = {
  "blanks behind a chunk's size": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n`,
  "both lengths": `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
  "the length twice": `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 5\r\n\r\n`,
  "a list of lengths": `POST / HTTP/1.1\r\n${host}Content-Length: 5, 5\r\n\r\n`,
  "a length with a sign": `POST / HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\n`,
  "a hexadecimal length": `POST / HTTP/1.1\r\n${host}Content-Length: 0x5\r\n\r\n`,
  "an empty length": `POST / HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`,
  "a length beyond all bounds": `POST / HTTP/1.1\r\n${host}Content-Length: 99999999999999999999\r\n\r\n`,
  "chunked that is not all": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n`,
  "gzip before chunked": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n`,
  "a transfer coding by another name": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n`,
  "the transfer coding twice": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
  "chunks in HTTP/1.0": "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  "a folded line": `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`,
  "a folded first line": "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
  "a space before a colon": `GET / HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\n`,
  "no colon": `GET / HTTP/1.1\r\n${host}nothing\r\n\r\n`,
  "a bare line feed after a field": `GET / HTTP/1.1\r\n${host}X: a\nY: b\r\n\r\n`,
  "a bare line feed at the end": `GET / HTTP/1.1\r\n${host}\n`,
  "a bare carriage return": `GET / HTTP/1.1\r\n${host}X: a\rY: b\r\n\r\n`,
  NUL: `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`,
  "no Host": "GET / HTTP/1.1\r\nX: y\r\n\r\n",
  "two Hosts": `GET / HTTP/1.1\r\n${host}${host}\r\n`,
  "HTTP/0.9": "GET /\r\n",
  "HTTP/1.2": `GET / HTTP/1.2\r\n${host}\r\n`,
  "HTTP/2 by name": `GET / HTTP/2.0\r\n${host}\r\n`,
  "two spaces in the first line": `GET  / HTTP/1.1\r\n${host}\r\n`,
  "a space in the target": `GET /a b HTTP/1.1\r\n${host}\r\n`,
  "no method": ` / HTTP/1.1\r\n${host}\r\n`,
  CONNECT: `CONNECT a:1 HTTP/1.1\r\n${host}\r\n`,
  "a chunk's size with 0x": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`,
  "a negative size": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n`,
  "a size beyond all bounds": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n`,
  "a size with a space before it": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n`,
  "a bare line feed after a size": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n`,
  "a bare line feed in an extension": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n`,
  "a chunk that is longer": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n`,
  "an upgrade with a body": `GET / HTTP/1.1\r\n${host}Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\n`,
};

describe("The parser of requests", () => {
  for (const [what, text] of Object.entries(passing)) {
    it(`lets ${what} pass, in one piece and in single bytes`, () => {
      for (const size of [text.length, 1, 7]) {
        const { good, detail } = verdict(text, size);
        expect(detail, `in pieces of ${size}`).to.equal(undefined);
        expect(good).to.equal(text.length);
      }
    });
  }

  for (const [what, text] of Object.entries(refused)) {
    it(`refuses ${what}, in one piece and in single bytes`, () => {
      for (const size of [text.length, 1, 7]) {
        const { good, status } = verdict(text, size);
        expect(status, `in pieces of ${size}`).to.equal(what === "CONNECT" ? 405 : 400);
        expect(good).to.be.lessThan(text.length);
      }
    });
  }

  it("passes on what came before, and nothing of what came after", () => {
    const first = `GET /one HTTP/1.1\r\n${host}\r\n`;
    expect(verdict(`${first}GET /two\r\nGET /three HTTP/1.1\r\n${host}\r\n`).good).to.equal(first.length);
  });

  for (const [what, text] of Object.entries({
    "says close": `POST / HTTP/1.1\r\n${host}Connection: x, Close\r\nContent-Length: 2\r\n\r\nhi`,
    "says close and comes in chunks": `POST / HTTP/1.1\r\n${host}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
    "is of HTTP/1.0": "GET / HTTP/1.0\r\n\r\n",
  })) {
    it(`passes nothing on after a request that ${what}`, () => {
      for (const size of [text.length + 100, 1, 7])
        expect(verdict(`${text}GET /hidden HTTP/1.1\r\n${host}\r\n`, size)).to.deep.equal({
          good: text.length,
          detail: undefined,
          status: undefined,
        });
    });
  }

  it("goes on after a request of HTTP/1.0 that says keep-alive", () => {
    const text = "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
    expect(verdict(text + text).good).to.equal(2 * text.length);
  });

  it("refuses with 431 what is too long, or has too many fields, whether its end comes or not", () => {
    const long = `GET /${"a".repeat(2_000)}`;
    for (const size of [long.length, 1, 100]) expect(verdict(long, size).status).to.equal(431);
    expect(verdict(`GET / HTTP/1.1\r\n${host}X: ${"a".repeat(1_100)}\r\n\r\n`).status).to.equal(431);
    expect(verdict(`GET / HTTP/1.1\r\n${host}${"X: a\r\n".repeat(10)}\r\n`).status).to.equal(431);
  });

  it("takes no longer for a first line that is none than for one that is", () => {
    const parser = new RequestParser({ header: 16 * 1024, fields: 10 });
    parser.read(Buffer.from(`${"a".repeat(4_000)}\u0001`, "latin1"), 0);
    expect(parser.refusal?.status).to.equal(400);
  });

  it("refuses chunks that come with more than they have, and no small ones", () => {
    const head = `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`;
    const padded = `1;${"e".repeat(1_000)}\r\na\r\n`;
    expect(verdict(head + padded.repeat(20)).status).to.equal(400);
    for (const body of [padded.repeat(16), "1;a=b\r\na\r\n".repeat(20_000), `${padded}800\r\n${"a".repeat(2_048)}\r\n`.repeat(50)])
      expect(verdict(`${head}${body}0\r\n\r\n`).status).to.equal(undefined);
  });

  it("looks at nothing after a request for a WebSocket", () => {
    const text = `GET / HTTP/1.1\r\n${host}Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n`;
    expect(verdict(`${text}\0\n\xff`)).to.deep.equal({ good: text.length, detail: undefined, status: undefined });
  });

  for (const [what, fields] of [
    ["another upgrade", "Connection: Upgrade\r\nUpgrade: h2c\r\n"],
    ["several of HTTP/2", "Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: HTTP/2.0\r\n"],
    ["an upgrade that Connection does not name", "Upgrade: websocket\r\n"],
  ]) {
    it(`goes on looking after a request for ${what}`, () => {
      expect(verdict(`GET / HTTP/1.1\r\n${host}${fields}\r\nGET /\r\n`).status).to.equal(400);
    });
  }
});
