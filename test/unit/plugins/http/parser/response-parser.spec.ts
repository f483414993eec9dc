import { expect } from "chai";
import { ResponseParser } from "../../../../../plugins/http/parser/response-parser.ts";

interface Reading {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  /** Bytes up to the end of the message. */
  readonly good: number;
  readonly isWhole: boolean;
  readonly isKept: boolean;
  readonly refusal: string | undefined;
}

/** What the parser makes of a text in pieces of this size, up to the end of its first message, or of the connection. */
function reading(text: string, size = text.length, method = "GET"): Reading {
  const parser = new ResponseParser({ header: 1024, fields: 10 });
  parser.method = method;
  const bytes = Buffer.from(text, "latin1");
  let good = 0;
  let body = "";
  const isOver = (): boolean => parser.isWhole || parser.refusal !== undefined;
  for (let from = 0; from < bytes.length && !isOver(); from += size) {
    const chunk = bytes.subarray(from, from + size);
    for (let at = 0; at < chunk.length && !isOver(); good = from + at) {
      at = parser.read(chunk, at);
      body += parser.piece?.toString("latin1") ?? "";
    }
  }
  parser.finish();
  const { status, fields, trailers, isWhole, isKept, refusal } = parser;
  return { status, fields, body, trailers, good, isWhole, isKept, refusal: refusal?.detail };
}

/** The same in one piece, in single bytes and in pieces of 7. */
function readings(text: string, method?: string): readonly Reading[] {
  return [text.length, 1, 7].map((size) => reading(text, size, method));
}

const ok = "HTTP/1.1 200 OK\r\n";
const chunked = "Transfer-Encoding: chunked\r\n";
const more = "HTTP/1.1 500 Not Asked For\r\n\r\n";

/** Its text, what it holds, and whether the connection can take another request after it. */
const passing: Readonly<Record<string, readonly [text: string, body: string, isKept: boolean]>> = {
  "a length": [`${ok}Content-Length: 5\r\n\r\nhe\nlo`, "he\nlo", true],
  "an empty line before it": [`\r\n${ok}Content-Length: 1\r\n\r\nx`, "x", true],
  "a length of none": [`${ok}Content-Length: 0\r\n\r\n`, "", true],
  "no reason": ["HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "", true],
  "a reason beyond ASCII": ["HTTP/1.1 200 \xe9\xff\r\nContent-Length: 0\r\n\r\n", "", true],
  chunks: [`${ok}${chunked}\r\n5\r\nhello\r\nA \t;c="d"\r\n0123456789\r\n0\r\n\r\n`, "hello0123456789", true],
  "chunks whose sizes are filled up with blanks": [`${ok}${chunked}\r\n5   \r\nhello\r\n0 \t\r\n\r\n`, "hello", true],
  "chunks in other letters": [`${ok}TRANSFER-ENCODING: Chunked\r\n\r\n1\r\nx\r\n000\r\n\r\n`, "x", true],
  "a length, and a close": [`${ok}Connection: x, Close\r\nContent-Length: 1\r\n\r\nx`, "x", false],
  "chunks, and a close": [`${ok}Connection: close\r\n${chunked}\r\n1\r\nx\r\n0\r\n\r\n`, "x", false],
  "a length, of HTTP/1.0": ["HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "x", false],
  "a length, of HTTP/1.0 that is kept": ["HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", "x", true],
  "both close and keep-alive": ["HTTP/1.0 200 OK\r\nConnection: close, keep-alive\r\nContent-Length: 1\r\n\r\nx", "x", false],
  "chunks, of HTTP/1.0, which has none": [`HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${chunked}\r\n1\r\nx\r\n0\r\n\r\n`, "x", false],
  "status 204": ["HTTP/1.1 204 No Content\r\n\r\n", "", true],
  "status 204 with a length of none": ["HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "", true],
  "status 204 with a length, which it may not have": ["HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "", false],
  "status 204 with chunks, which it may not have": [`HTTP/1.1 204 No Content\r\n${chunked}\r\n`, "", false],
  "status 304 with the length of what is not sent": ["HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", true],
  "status 103": ["HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "", true],
};

const refused: Readonly<Record<string, string>> = {
  "no HTTP": "220 mail.test ESMTP\r\n",
  "another version": "HTTP/2.0 200 OK\r\n\r\n",
  "HTTP/1.2": "HTTP/1.2 200 OK\r\n\r\n",
  "letters for a status": "HTTP/1.1 2OO OK\r\n\r\n",
  "a status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
  "a status of four digits": "HTTP/1.1 2000 OK\r\n\r\n",
  "a status below 100": "HTTP/1.1 099 OK\r\n\r\n",
  "two spaces before the status": "HTTP/1.1  200 OK\r\n\r\n",
  "a bare carriage return": `${ok}X: a\rSet-Cookie: b\r\n\r\n`,
  NUL: `${ok}X: a\0b\r\n\r\n`,
  "both lengths": `${ok}Content-Length: 5\r\n${chunked}\r\n`,
  "lengths that differ": `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`,
  "a list of lengths that differ": `${ok}Content-Length: 5, 6\r\n\r\n`,
  "a list with an empty length": `${ok}Content-Length: 5,\r\n\r\n`,
  "a length that is folded": `${ok}Content-Length:\r\n 5\r\n\r\n`,
  "a length that goes on": `${ok}Content-Length: 5\r\n 6\r\n\r\n`,
  "a transfer coding that is folded": `${ok}Transfer-Encoding:\r\n\tchunked\r\n\r\n`,
  "Connection that goes on": `${ok}Connection: keep-alive,\r\n close\r\n\r\n`,
  "a first field that begins with a blank": `${ok} X: a\r\n\r\n`,
  "a line of blanks": `${ok}X: a\r\n \t\r\n\r\n`,
  "a space within a name": `${ok}X y: a\r\n\r\n`,
  "a space for a name": `${ok} : a\r\n\r\n`,
  "a bare line feed behind a chunk's size": `${ok}${chunked}\r\n5\nhello\r\n0\r\n\r\n`,
  "a bare line feed behind a chunk": `${ok}${chunked}\r\n5\r\nhello\n0\r\n\r\n`,
  "a length with a sign": `${ok}Content-Length: +5\r\n\r\n`,
  "a length beyond all bounds": `${ok}Content-Length: 99999999999999999999\r\n\r\n`,
  "gzip before chunked": `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`,
  "the transfer coding twice": `${ok}${chunked}${chunked}\r\n`,
  "a chunk's size with 0x": `${ok}${chunked}\r\n0x5\r\nhello\r\n`,
  "no size of a chunk": `${ok}${chunked}\r\n\r\n`,
  "a chunk that is longer": `${ok}${chunked}\r\n5\r\nhello!\r\n`,
  "a size beyond all bounds": `${ok}${chunked}\r\nfffffffffffffffff\r\n`,
  "a trailer without a colon": `${ok}${chunked}\r\n0\r\nnothing\r\n\r\n`,
  "a header without end": `${ok}X: ${"a".repeat(2_000)}`,
  "too many fields": `${ok}${"X: a\r\n".repeat(20)}\r\n`,
  "trailers without end": `${ok}${chunked}\r\n0\r\n${"X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(9)}X: ${"a".repeat(2_000)}`,
};

/** What is put right: what was sent, and the fields that go on. */
const putRight: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  "bare line feeds": ["HTTP/1.1 200 OK\nX: a\nContent-Length: 5\n\n", ["x", "a", "content-length", "5"]],
  "a bare line feed among others": [`${ok}X: a\nContent-Length: 5\r\n\r\n`, ["x", "a", "content-length", "5"]],
  "a space before a colon": [`${ok}Content-Length \t: 5\r\n\r\n`, ["content-length", "5"]],
  "a folded line": [`${ok}X: a\r\n \tb \r\n  c\r\nContent-Length: 5\r\n\r\n`, ["x", "a b c", "content-length", "5"]],
  "a value that begins in the next line": [`${ok}X:\r\n b\r\nContent-Length: 5\r\n\r\n`, ["x", "b", "content-length", "5"]],
  "the same length twice": [`${ok}Content-Length: 5\r\nX: a\r\nContent-Length: 5\r\n\r\n`, ["x", "a", "content-length", "5"]],
  "the same length in a list": [`${ok}Content-Length: 5, 5 ,05\r\n\r\n`, ["content-length", "5"]],
};

describe("The parser of responses", () => {
  for (const [what, [text, fields]] of Object.entries(putRight)) {
    it(`puts ${what} right, in one piece and in pieces`, () => {
      for (const read of readings(`${text}hello`)) expect(read).to.deep.include({ fields, body: "hello", isKept: true, isWhole: true });
    });
  }

  for (const [what, [text, body, isKept]] of Object.entries(passing)) {
    it(`reads ${what}, in one piece and in pieces, and nothing of what comes behind`, () => {
      for (const read of [...readings(text), ...readings(text + more)])
        expect(read).to.deep.include({ body, isKept, isWhole: true, good: text.length, refusal: undefined });
    });
  }

  for (const [what, text] of Object.entries(refused)) {
    it(`refuses ${what}, in one piece and in pieces`, () => {
      for (const { refusal, isWhole } of readings(text)) expect([refusal === undefined, isWhole]).to.deep.equal([false, false]);
    });
  }

  it("reads fields and trailers as they come", () => {
    const text = `${ok}Set-Cookie: a=1\r\nX:\t b \t c\xe9 \r\nset-cookie:b\r\nEmpty:\r\n${chunked}\r\n0\r\nX-Sum: 7\r\n\r\n`;
    for (const { fields, trailers } of readings(text)) {
      expect(fields.slice(0, 8)).to.deep.equal(["set-cookie", "a=1", "x", "b \t c\xe9", "set-cookie", "b", "empty", ""]);
      expect(trailers).to.deep.equal(["X-Sum", "7"]);
    }
  });

  it("reads a body up to the end of the connection where nothing else says how long it is", () => {
    for (const text of [`${ok}\r\nhello`, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello"])
      for (const read of readings(text)) expect(read).to.include({ body: "hello", isKept: false, isWhole: true, good: text.length });
  });

  for (const [what, text] of Object.entries({
    "a length": `${ok}Content-Length: 5\r\n\r\nhello`,
    chunks: `${ok}${chunked}\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n`,
  })) {
    it(`takes no part of a response with ${what} for the whole, wherever it ends`, () => {
      for (let end = 0; end < text.length; end += 1) expect(reading(text.slice(0, end), 7).isWhole, `after ${end}`).to.equal(false);
    });
  }

  it("reads no body where HEAD was asked", () => {
    for (const field of ["Content-Length: 5\r\n", chunked, ""]) {
      const text = `${ok}${field}\r\n`;
      for (const read of readings(text + more, "HEAD"))
        expect(read).to.include({ body: "", isWhole: true, isKept: true, good: text.length });
    }
  });

  for (const [value, keptFor] of [
    ["timeout=5, max=100", 4_000],
    ["max=100,TIMEOUT=2", 1_000],
    ["timeout=1", 0],
    ["timeout=0", 0],
    ["timeout=never", Infinity],
    ["max=100", Infinity],
  ] as const) {
    it(`understands Keep-Alive: ${value}`, () => {
      const parser = new ResponseParser({ header: 1024, fields: 10 });
      parser.read(Buffer.from(`${ok}Keep-Alive: ${value}\r\nContent-Length: 0\r\n\r\n`), 0);
      expect(parser.keptFor).to.equal(keptFor);
    });
  }
});
