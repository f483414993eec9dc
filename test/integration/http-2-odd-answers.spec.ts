import { expect } from "chai";
import { array, assert as assertAlways, asyncProperty, boolean, constantFrom, record, tuple } from "fast-check";
import { of } from "rxjs";
import { Readable } from "node:stream";
import type { HttpResponse } from "sluice";
import { startUpstream, type TestUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { bounded } from "../support/bounded.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";
import { plugin } from "../support/with-proxy.ts";

/** Names of which Node sends one line only in HTTP/2, and what the client gets of two. */
const once: Record<string, readonly [string, string, string]> = {
  "x-content-type-options": ["nosniff", "nosniff", "nosniff"],
  date: ["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 02 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"],
  etag: ['"a"', '"b"', '"a"'],
  location: ["/a", "/b", "/a"],
  age: ["1", "2", "1"],
  "content-language": ["de", "en", "de, en"],
  "content-encoding": ["br", "gzip", "br, gzip"],
  "content-type": ["text/html", "text/plain", "text/html"],
  "content-range": ["bytes 0-1/2", "bytes 0-1/3", "bytes 0-1/2"],
  expires: ["0", "1", "0"],
  "retry-after": ["1", "2", "1"],
  "access-control-allow-credentials": ["true", "true", "true"],
  "user-agent": ["a", "b", "a"],
};

describe("HTTP/2, with an odd answer of an upstream or a hook, which affects at most its own exchange,", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  expectNothingUncaught();

  const answering = async (answer: () => readonly string[]): Promise<TestUpstream> => {
    const upstream = await startUpstream((socket) => {
      socket.on("data", () => {
        for (const piece of answer()) socket.write(Buffer.from(piece, "latin1"));
      });
      socket.once("end", () => socket.end());
    });
    cleanup.add(() => upstream.close());
    return upstream;
  };

  for (const [status, body] of [
    ["200 OK", "hello"],
    ["304 Not Modified", ""],
    ["404 Not Found", ""],
  ] as const) {
    it(`sends once, with ${status}, a field that HTTP/2 allows once`, async () => {
      let name = "";
      const upstream = await answering(() => {
        const [a = "", b = ""] = once[name] ?? [];
        const length = status.startsWith("304") ? "" : `Content-Length: ${body.length}\r\n`;
        return [`HTTP/1.1 ${status}\r\n${length}${name}: ${a}\r\n${name.toUpperCase()}: ${b}\r\n\r\n${body}`];
      });
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const session = openHttp2(cleanup, port());
      for (const method of ["GET", "HEAD", "POST"]) {
        for (const [each, [, , sent]] of Object.entries(once)) {
          name = each;
          const answer = await askOn(session, { ":path": "/", ":method": method }, method === "POST" ? Buffer.from("x") : undefined);
          expect([method, name, answer.status, answer.headers[name]]).to.deep.equal([method, name, Number(status.slice(0, 3)), sent]);
          expect(String(answer.body)).to.equal(method === "HEAD" ? "" : body);
        }
      }
    });
  }

  for (const [head, length] of [
    ["204 No Content", undefined],
    ["205 Reset Content", undefined],
    ["304 Not Modified", "2"],
  ] as const) {
    it(`passes ${head} with a length, and continues`, async () => {
      const upstream = await answering(() => [`HTTP/1.1 ${head}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab`]);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const session = openHttp2(cleanup, port());
      for (const method of ["GET", "HEAD", "POST"]) {
        const answer = await askOn(session, { ":path": "/", ":method": method }, method === "POST" ? Buffer.from("x") : undefined);
        expect([answer.status, answer.headers["content-length"], String(answer.body)]).to.deep.equal([parseInt(head), length, ""]);
      }
    });
  }

  const hooks: Record<string, HttpResponse> = {
    "fields that HTTP/2 allows once": {
      status: 200,
      headers: { etag: ["a", "b"], "content-language": ["de", "en"], "set-cookie": ["a=1", "b=2"] },
      body: "ok",
    },
    "a field of no values": { status: 200, headers: { etag: [], "x-a": [] }, body: "ok" },
    "fields of a connection": {
      status: 200,
      headers: { "transfer-encoding": "chunked", "keep-alive": "a", upgrade: "h2c", connection: "x-a" },
      body: "ok",
    },
    "trailers that HTTP/2 allows once": { status: 200, headers: {}, body: Readable.from(["ok"]), trailers: () => ({ etag: ["a", "b"] }) },
  };
  for (const [what, response] of Object.entries(hooks)) {
    it(`sends a hook's answer with ${what}`, async () => {
      const { port } = await startHttpProxy(
        cleanup,
        {},
        { before: [plugin("odd", { exchange: () => of(response) })], listener: { upstream: "127.0.0.1:9" } },
      );
      const answer = await askOn(openHttp2(cleanup, port()), { ":path": "/" });
      expect([answer.status, String(answer.body)]).to.deep.equal([200, "ok"]);
    });
  }

  const refused: Record<string, HttpResponse> = {
    "a pseudo-field": { status: 200, headers: { ":path": "/" } },
    "a name with a blank": { status: 200, headers: { "x a": "1" } },
    "a value with a line break": { status: 200, headers: { "x-a": "1\r\nx-b: 2" } },
    "a value that is none": { status: 200, headers: { "x-a": 5 as unknown as string } },
    "two lengths": { status: 200, headers: { "content-length": ["1", "2"] }, body: Readable.from(["ok"]) },
    "a status beyond what HTTP/2 has": { status: 999, headers: {} },
  };
  for (const [what, response] of Object.entries(refused)) {
    it(`answers 502 if a hook answers with ${what}, and continues`, async () => {
      const before = [
        plugin("odd", { exchange: (_attempt, { url }) => of(url === "/odd" ? response : { status: 200, headers: {}, body: "ok" }) }),
      ];
      const { port } = await startHttpProxy(cleanup, {}, { before, listener: { upstream: "127.0.0.1:9" } });
      const session = openHttp2(cleanup, port());
      expect((await askOn(session, { ":path": "/odd" })).status).to.equal(502);
      expect((await askOn(session, { ":path": "/" })).status).to.equal(200);
    });
  }

  for (const [what, trailers] of Object.entries({
    "a pseudo-field": { ":status": "200" },
    "a line break": { "x-a": "a\r\nb" },
    "a blank": { "x a": "1" },
  })) {
    it(`resets the stream if a hook's trailers have ${what}, and continues`, async () => {
      const odd: HttpResponse = {
        status: 200,
        headers: {},
        body: Readable.from(["part"]),
        trailers: () => trailers,
      };
      const before = [
        plugin("odd", { exchange: (_attempt, { url }) => of(url === "/odd" ? odd : { status: 200, headers: {}, body: "ok" }) }),
      ];
      const { port } = await startHttpProxy(cleanup, {}, { before, listener: { upstream: "127.0.0.1:9" } });
      const session = openHttp2(cleanup, port());
      expect(await askOn(session, { ":path": "/odd" }).catch(String)).to.include("NGHTTP2_INTERNAL_ERROR");
      expect((await askOn(session, { ":path": "/" })).status).to.equal(200);
    });
  }

  for (const [how, length] of Object.entries({ longer: 3, shorter: 10 })) {
    it(`resets the stream of a body whose length differs from the declared one: its length is ${how}`, async () => {
      const odd = (): HttpResponse => ({ status: 200, headers: { "content-length": String(length) }, body: Readable.from(["hello"]) });
      const before = [plugin("odd", { exchange: () => of(odd()) })];
      const { port } = await startHttpProxy(cleanup, {}, { before, listener: { upstream: "127.0.0.1:9" } });
      expect(await askOn(openHttp2(cleanup, port()), { ":path": "/" }).catch(String)).to.match(/NGHTTP2_(INTERNAL|PROTOCOL)_ERROR/);
    });
  }

  const lines = constantFrom(
    ...Object.entries(once).map(([name, [value]]) => `${name}: ${value}\r\n`),
    "Set-Cookie: a=1\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Connection: close, etag\r\n",
    "Connection: keep-alive\r\n",
    "Keep-Alive: timeout=5\r\n",
    "Upgrade: h2c\r\n",
    "TE: gzip\r\n",
    "Trailer: x-a\r\n",
    "HTTP2-Settings: AAAA\r\n",
    "Proxy-Connection: close\r\n",
    "Status: 200\r\n",
    ":status: 200\r\n",
    "X-\xfc: a\r\n",
    "x-a: \xfc\xff\r\n",
    "x-a:\r\n",
    `x-a: ${"a".repeat(3000)}\r\n`,
    "no colon\r\n",
    " folded\r\n",
    "__proto__: a\r\n",
    "constructor: a\r\n",
  );
  const heads = constantFrom(
    "200 OK",
    "204 No Content",
    "205 Reset Content",
    "206 Partial",
    "302 Found",
    "304 Not Modified",
    "404",
    "500 \xfc",
    "600 Odd",
    "999 Odd",
  );
  const bodies = constantFrom(
    "",
    "hello",
    "hello and more",
    "5\r\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n0\r\nx-a: 1\r\netag: a\r\netag: b\r\ncontent-length: 3\r\n:a: b\r\n\r\n",
    "5\r\nhe",
  );
  const interims = constantFrom(
    "",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 102 Processing\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\netag: a\r\netag: b\r\n\r\n",
    "HTTP/1.1 103 X\r\n:a: b\r\n\r\n",
    "HTTP/1.1 101 Switching\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",
  );
  const answers = record({
    interim: array(interims, { maxLength: 3 }),
    head: heads,
    fields: array(lines, { maxLength: 8 }),
    body: bodies,
    isReset: boolean(),
  });

  it("never throws, hangs or ends the connection, whatever the answer", async () => {
    let answer: readonly string[] = [];
    let isReset = false;
    const upstream = await startUpstream((socket) => {
      socket.once("data", () => {
        for (const piece of answer) socket.write(Buffer.from(piece, "latin1"));
        if (isReset) socket.resetAndDestroy();
        else socket.end();
      });
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const session = openHttp2(cleanup, port());
    await assertAlways(
      asyncProperty(answers, tuple(constantFrom("GET", "HEAD", "POST"), boolean()), async (given, [method, hasBody]) => {
        answer = [...given.interim, `HTTP/1.1 ${given.head}\r\n${given.fields.join("")}\r\n${given.body}`];
        isReset = given.isReset;
        const headers = { ":path": "/", ":method": method, ...(hasBody ? { expect: "100-continue" } : {}) };
        const settled = askOn(session, headers, hasBody ? Buffer.from("a body") : undefined).then(({ status }) => status, String);
        await bounded(settled, "an answer, or its stream's end");
        expect(session.destroyed || session.closed).to.equal(false);
      }),
      { numRuns: 400 },
    );
  });
});
