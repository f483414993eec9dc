import { expect } from "chai";
import { array, assert, constant, constantFrom, nat, oneof, property, subarray, tuple } from "fast-check";
import type { MessageParser } from "../../../../../plugins/http/parser/message-parser.ts";
import { RequestParser } from "../../../../../plugins/http/parser/request-parser.ts";
import { ResponseParser } from "../../../../../plugins/http/parser/response-parser.ts";

const limits = { header: 200, fields: 6 };

/** Everything that is read from a message, in pieces of this size. */
function readBy(parser: MessageParser, text: string, size: number): object {
  const bytes = Buffer.from(text, "latin1");
  let body = "";
  for (let from = 0; from < bytes.length && !parser.isWhole && parser.refusal === undefined; from += size) {
    const chunk = bytes.subarray(from, from + size);
    for (let at = 0; at < chunk.length && !parser.isWhole && parser.refusal === undefined;) {
      at = parser.read(chunk, at);
      body += String(parser.piece ?? "");
    }
  }
  const { fields, fieldNames, trailers, isWhole, isInBody, refusal } = parser;
  if (refusal !== undefined) return refusal;
  const facts = { fields, fieldNames, trailers, isWhole, isInBody, body };
  return { ...facts, ...(parser instanceof ResponseParser ? factsOfResponse(parser) : factsOfRequest(parser as RequestParser)) };
}

function factsOfResponse({ status, isKept, keptFor, response }: ResponseParser): object {
  return { status, isKept, keptFor, response };
}

function factsOfRequest({ method, target, minor, isLast, upgrade }: RequestParser): object {
  return { method, target, minor, isLast, upgrade };
}

const requestLines = ["GET / HTTP/1.1", "POST /b HTTP/1.1", "GET / HTTP/1.0", `GET /${"a".repeat(150)} HTTP/1.1`, "GET /"];
const responseLines = ["HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 204", "HTTP/1.1 103 Hints", "HTTP/1.1 99 No"];
const fields = [
  "Host: a",
  "host: b",
  "X-Own: \xe9\t",
  "Accept:",
  "Connection: close",
  "Connection: upgrade",
  "Upgrade: websocket",
  "Keep-Alive: timeout=5",
  "Content-Length: 2",
  "content-length: 2, 2",
  "Transfer-Encoding: chunked",
  "Date : today",
  " folded",
  "no colon",
];
const headers = oneof(subarray(fields, { maxLength: 5 }), constant(["Host: a", "Accept: */*"]), constant(["Content-Length: 2"]));

const cases: readonly [string, readonly string[], () => MessageParser][] = [
  ["requests", requestLines, () => new RequestParser(limits)],
  ["responses", responseLines, () => new ResponseParser(limits)],
];

describe("The header that a connection has read before", () => {
  for (const [what, firstLines, parser] of cases) {
    it(`changes nothing in what is read from later ${what}`, () => {
      const messages = array(tuple(constantFrom(...firstLines), nat(2), constantFrom(5, 40, 1000)), { maxLength: 10 });
      assert(
        property(array(headers, { minLength: 3, maxLength: 3 }), messages, (some, order) => {
          const kept = parser();
          for (const [firstLine, which, size] of order) {
            const text = `${firstLine}\r\n${(some[which] ?? []).map((line) => `${line}\r\n`).join("")}\r\n0\r\n\r\n`;
            const expected = readBy(parser(), text, size);
            expect(readBy(kept, text, size)).to.deep.equal(expected);
            if (kept.refusal !== undefined) return;
            kept.next();
          }
        }),
        { numRuns: 400 },
      );
    });
  }

  it("is read again from the same bytes only", () => {
    const kept = new RequestParser(limits);
    const values: string[] = [];
    for (const value of ["a", "a", "a", "b", "a", "aa", "a"]) {
      readBy(kept, `GET / HTTP/1.1\r\nHost: a\r\nX: ${value}\r\n\r\n`, 1000);
      values.push(kept.fields[3] ?? "");
      kept.next();
    }
    expect(values.join(" ")).to.equal("a a a b a aa a");
  });

  it("does not have what was changed in the spellings of its names", () => {
    const kept = new RequestParser(limits);
    for (let times = 0; times < 4; times += 1) {
      readBy(kept, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000);
      expect(kept.fieldNames).to.deep.equal(["host", "Host"]);
      kept.fieldNames?.splice(0);
      kept.next();
    }
  });
});
