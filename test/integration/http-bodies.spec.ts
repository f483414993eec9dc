import { expect } from "chai";
import { Agent } from "node:http";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from "node:zlib";
import { defer, from, map, of, switchMap } from "rxjs";
import { bodyJson, bodyText, respond, transformBody, type ExchangeEnd, type HttpRequest, type PluginUse } from "sluice";
import { each, replaceBytes } from "sluice/flow";
import { retry } from "sluice/plugins";
import { eventually } from "../support/eventually.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { createCleanup } from "../support/cleanup.ts";
import { ask, talkApart } from "../support/http-client.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy, type HttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { plugin } from "../support/with-proxy.ts";

type Exchange = NonNullable<Parameters<typeof plugin>[1]["exchange"]>;

describe("Bodies in the exchange hook", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const hook = (exchange: Exchange, name = "hook"): PluginUse => plugin(name, { exchange });
  async function start(exchange: Exchange, answer?: Parameters<typeof startHttpUpstream>[1]): Promise<HttpProxy> {
    const upstream = await startHttpUpstream(cleanup, answer);
    return startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before: [retry(), hook(exchange)] });
  }

  const bodies: Readonly<Record<string, () => HttpRequest["body"] | Buffer | string>> = {
    "a text": () => "né",
    "a Buffer": () => Buffer.from("né"),
    "a stream": () => Readable.from([Buffer.from([0x6e]), "é"]),
  };
  for (const [what, body] of Object.entries(bodies)) {
    it(`may be replaced by ${what}, on HTTP/1 and HTTP/2, whatever length the client said`, async () => {
      const ends: ExchangeEnd[] = [];
      const { port } = await start((attempt, request) => {
        request.body = body();
        request.onEnd((end) => ends.push(end));
        return attempt;
      });
      const first = await ask(port(), { method: "POST", body: "x".repeat(100) });
      const second = await askOn(openHttp2(cleanup, port()), { ":method": "POST" }, Buffer.alloc(200_000));
      const third = await ask(port(), { method: "GET" });
      for (const told of [first.told, second.told(), third.told]) {
        expect(told.body).to.equal("né");
        if (what === "a stream")
          expect(told.headers).to.include({ "transfer-encoding": "chunked" }).and.not.have.property("content-length");
        else expect(told.headers).to.include({ "content-length": "3" });
      }
      expect(ends).to.have.lengthOf(3);
    });
  }

  it("may be removed, and a length that a hook declares is ignored", async () => {
    const { port } = await start((attempt, request) => {
      if (request.url === "/none") request.body = undefined;
      else request.headers["content-length"] = "3";
      return attempt;
    });
    const none = await ask(port(), { path: "/none", method: "POST", body: "abc" });
    expect([none.told.body, none.told.headers["content-length"]]).to.deep.equal(["", "0"]);
    // Streamed, since it is too long to be kept.
    const body = "x".repeat(100_000);
    expect((await ask(port(), { method: "POST", body })).told.body).to.equal(body);
  });

  it("are read as text and as JSON, and still sent unchanged", async () => {
    const seen: unknown[] = [];
    const reading: Exchange = (attempt, request) =>
      defer(() => bodyJson<{ a: number }>(request)).pipe(
        switchMap((json) => (seen.push(json.a), attempt)),
        switchMap(async (response) => (seen.push(await bodyText(response)), response)),
      );
    const page = gzipSync("latin: é".repeat(10_000));
    const { port } = await start(reading, (request, response) => {
      response.writeHead(200, {
        "content-type": "text/plain; charset=utf-8",
        "content-encoding": "gzip",
        "x-length": request.headers["content-length"],
      });
      response.end(page);
    });
    const answered = await fetch(`http://127.0.0.1:${port()}/`, { method: "POST", body: JSON.stringify({ a: 1 }) });
    expect(await answered.text()).to.equal("latin: é".repeat(10_000));
    expect([answered.headers.get("x-length"), answered.headers.get("content-length")]).to.deep.equal(["7", String(page.length)]);
    expect(seen).to.deep.equal([1, "latin: é".repeat(10_000)]);
  });

  it("are read in the charset that they name, and may be empty", async () => {
    const message = (type: string, body: Buffer | undefined): Parameters<typeof bodyText>[0] => ({
      status: 200,
      headers: { "content-type": type },
      body,
    });
    expect(await bodyText(message('text/plain; charset="ISO-8859-1"', Buffer.from([0xe9])))).to.equal("é");
    expect(await bodyText(message("text/plain; charset=nonsense", Buffer.from("é")))).to.equal("é");
    expect(await bodyText(message("text/plain", undefined))).to.equal("");
  });

  it("are refused if they exceed the limit, also when decoded, and if they are not in the declared format", async () => {
    const codes: unknown[] = [];
    const { port } = await start((attempt, request) => from(bodyJson(request, { max: "10KiB" })).pipe(switchMap(() => attempt)));
    const post = async (body: Buffer | string, headers: Record<string, string> = {}): Promise<void> => {
      const { status, body: text } = await ask(port(), { method: "POST", body, headers });
      codes.push([status, /SLUICE_\w+/.exec(text)?.[0]]);
    };
    await post("x".repeat(20_000));
    await post(gzipSync(Buffer.alloc(1_000_000)), { "content-encoding": "gzip" });
    await post("no gzip", { "content-encoding": "gzip" });
    await post("{}", { "content-encoding": "rot13" });
    await post("no JSON");
    expect(codes).to.deep.equal(Array.from({ length: 5 }, () => [400, "SLUICE_HTTP_REQUEST"]));
    await post(brotliCompressSync("{}"), { "content-encoding": "br" });
    expect(codes.at(-1)).to.deep.equal([200, undefined]);
  });

  it("that a hook reads make the proxy send 100 Continue to a waiting client", async () => {
    const proxy = await start((attempt, request) => defer(() => bodyText(request)).pipe(switchMap(() => attempt)));
    const head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    const answers = await talkApart(proxy, [head, "hi"]);
    expect(answers)
      .to.match(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
      .and.include('"body":"hi"');
  });

  for (const [coding, encode] of Object.entries({
    identity: (bytes: Buffer) => bytes,
    gzip: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
  })) {
    it(`of responses are transformed in the coding ${coding}, and the headers about the bytes are corrected`, async () => {
      const { port } = await start(
        (attempt) => attempt.pipe(map((response) => transformBody(response, replaceBytes("cat", "horse")))),
        (_request, response) => {
          const body = encode(Buffer.from("cat ".repeat(50_000)));
          response.writeHead(200, {
            ...(coding === "identity" ? {} : { "content-encoding": coding }),
            "content-length": body.length,
            etag: '"1"',
            digest: "x",
          });
          response.end(body);
        },
      );
      const { headers, body } = await ask(port());
      expect(body).to.equal("horse ".repeat(50_000));
      expect(headers).to.include({ etag: 'W/"1"' }).and.not.have.any.keys("content-length", "content-encoding", "digest");
      expect((await ask(port(), { method: "HEAD" })).status).to.equal(200);
    });
  }

  it("of requests are transformed with asynchronous operators, in order", async () => {
    const { port } = await start((attempt, request) => {
      transformBody(
        request,
        each(async (chunk: Buffer) => {
          await new Promise((resolve) => setImmediate(resolve));
          return chunk;
        }),
      );
      return attempt;
    });
    const body = randomBytes(3_000_000);
    const hash = createHash("sha256").update(body.toString("latin1")).digest("hex");
    const { told } = await ask(port(), { method: "POST", body: Buffer.from(body.toString("latin1")) });
    expect(createHash("sha256").update(told.body).digest("hex")).to.equal(hash);
  });

  it("that break off, or cannot be decoded, do not count as complete", async () => {
    const { port } = await start(
      (attempt) =>
        attempt.pipe(
          map((response) =>
            transformBody(
              response,
              each((chunk: Buffer) => chunk),
            ),
          ),
        ),
      (request, response) => {
        const isCut = request.url === "/cut";
        response.writeHead(200, isCut ? {} : { "content-encoding": "gzip" });
        response.write(isCut ? "part" : "no gzip");
        if (isCut) setImmediate(() => response.destroy());
        else response.end();
      },
    );
    for (const path of ["/cut", "/bad"]) {
      const failed = await ask(port(), { path }).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failed, path).to.be.an("error");
    }
  });

  it("of an upstream wait for a client that does not read", async () => {
    let asked = 0;
    const source = new Readable({
      read() {
        asked += 1;
        this.push(asked > 1000 ? null : Buffer.alloc(64 * 1024));
      },
    });
    const changed = transformBody(
      { status: 200, headers: {}, body: source },
      each((chunk: Buffer) => chunk),
    );
    const { body } = changed;
    body.once("readable", () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked).to.be.lessThan(10);
    let bytes = 0;
    for await (const chunk of body) bytes += (chunk as Buffer).length;
    expect(bytes).to.equal(1000 * 64 * 1024);
  });

  it("that a hook replaced do not block the connection, however much the client sends", async () => {
    const { port, proxy } = await start((attempt, request) => {
      if (request.url === "/replaced") request.body = "short";
      return attempt;
    });
    const agent = cleanup.keep(new Agent({ keepAlive: true, maxSockets: 1 }));
    const body = Buffer.alloc(8 * 1024 * 1024);
    for (const path of ["/replaced", "/kept", "/replaced"]) {
      const { told } = await ask(port(), { path, method: "POST", body, agent });
      expect(told.body.length).to.equal(path === "/kept" ? body.length : 5);
    }
    expect(proxy.sessions.size).to.equal(1);
    const session = openHttp2(cleanup, port());
    for (let round = 0; round < 2; round += 1)
      expect((await askOn(session, { ":method": "POST", ":path": "/replaced" }, Buffer.alloc(1024 * 1024))).told().body).to.equal("short");
  });

  it("release the upstream when the client leaves during a transformation", async () => {
    const upstream = await startHttpUpstream(cleanup, (_request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      const zipped = createGzip();
      zipped.pipe(response);
      const more = (): void => {
        while (!response.destroyed && zipped.write(randomBytes(64 * 1024))) continue;
        if (!response.destroyed) zipped.once("drain", more);
      };
      more();
    });
    const transforming = hook((attempt) =>
      attempt.pipe(
        map((response) =>
          transformBody(
            response,
            each((chunk: Buffer) => chunk),
          ),
        ),
      ),
    );
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before: [transforming] });
    const socket = await connect(port());
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await readBytes(socket, 100_000);
    socket.destroy();
    await eventually(() => expect(upstream.open()).to.equal(0));
  });

  it("are made by respond(): text, JSON, bytes, streams and none", async () => {
    const { port } = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: "127.0.0.1:9" }] },
      {
        before: [
          hook((_attempt, { url }) => {
            if (url === "/text") return of(respond(404, "né"));
            if (url === "/json") return of(respond(201, { a: [1] }, { "X-A": ["1", "2"] }));
            if (url === "/bytes") return of(respond(200, gzipSync("x"), { "Content-Type": "text/plain", "Content-Encoding": "gzip" }));
            if (url === "/stream") return of(respond(200, Readable.from(["a", "b"])));
            return of(respond(204));
          }),
        ],
      },
    );
    const got = async (path: string): Promise<unknown[]> => {
      const { status, headers, body } = await ask(port(), { path });
      return [status, headers["content-type"], body];
    };
    expect(await got("/text")).to.deep.equal([404, "text/plain; charset=utf-8", "né"]);
    expect(await got("/json")).to.deep.equal([201, "application/json; charset=utf-8", '{"a":[1]}']);
    expect((await ask(port(), { path: "/json" })).headers["x-a"]).to.equal("1, 2");
    expect(await got("/stream")).to.deep.equal([200, "application/octet-stream", "ab"]);
    expect(await got("/none")).to.deep.equal([204, undefined, ""]);
    expect(await (await fetch(`http://127.0.0.1:${port()}/bytes`)).text()).to.equal("x");
    for (const wrong of [99, 101, 600, 2.5]) expect(() => respond(wrong)).to.throw("SLUICE_PLUGIN_ARGUMENT");
    expect(() => respond(200, () => undefined)).to.throw("SLUICE_PLUGIN_ARGUMENT");
  });
});
