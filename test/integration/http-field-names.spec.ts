import { expect } from "chai";
import { createServer, type Socket } from "node:net";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { map } from "rxjs";
import type { PluginUse } from "sluice";
import { http, retry } from "sluice/plugins";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { connect, portOf } from "../support/sockets.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const answer =
  "HTTP/1.1 200 OK\r\nX-ReQuest-ID: 7\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nETag: x\r\nlower: y\r\nContent-Length: 2\r\n\r\nok";

/** An upstream that tells what it was sent, word for word, and gives that answer. */
async function startRaw(reply = answer): Promise<{ port: number; asked: Promise<string> }> {
  let told: (text: string) => void = () => undefined;
  const asked = new Promise<string>((resolve) => (told = resolve));
  const server = createServer((socket: Socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const isWhole = /transfer-encoding: chunked/i.test(text) ? /\r\n0\r\n(?:.+\r\n)*\r\n$/.test(text) : text.includes("\r\n\r\n");
      if (!isWhole) return;
      told(text);
      socket.write(reply);
    });
    cleanup.add(() => void socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  cleanup.add(() => void server.close());
  return { port: portOf(server), asked };
}

/** Sends a request and gives back what came, up to the end of an answer. */
async function ask(port: number, request: string, end: string): Promise<string> {
  const client = cleanup.keep(await connect(port));
  let text = "";
  const whole = new Promise<string>((resolve) => {
    client.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.endsWith(end)) resolve(text);
    });
  });
  client.write(request, "latin1");
  return bounded(whole, "the answer");
}

async function front(upstream: number, plugins: readonly PluginUse[] = []): Promise<number> {
  const use = http({ routes: [{ upstream: `127.0.0.1:${upstream}` }] });
  const started = cleanup.keep(await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [...plugins, use] } } }));
  return started.port();
}

const namesOf = (message: string): string[] =>
  (message.split("\r\n\r\n")[0] ?? "")
    .split("\r\n")
    .slice(1)
    .map((line) => line.slice(0, line.indexOf(":")));

describe("the names of HTTP/1 fields", () => {
  it("are those of the config for fields that a route sets, both ways, whatever the message had", async () => {
    const upstream = await startRaw();
    const headers = { set: { "X-Route-Key": "k", "x-LOWER": "z" } };
    const responseHeaders = { set: { "X-Frame-Options": "DENY", etag: "y" } };
    const use = http({ routes: [{ upstream: `127.0.0.1:${upstream.port}`, headers, responseHeaders }] });
    const { proxy, port } = await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [use] } } });
    cleanup.add(() => proxy.close());
    const said = await ask(
      port(),
      "GET /x HTTP/1.1\r\nHost: a.test\r\nx-route-key: mine\r\nX-Lower: 1\r\nX-Other: 2\r\n\r\n",
      "\r\n\r\nok",
    );
    expect(await upstream.asked)
      .to.include("X-Route-Key: k\r\n")
      .and.include("x-LOWER: z\r\n")
      .and.include("X-Other: 2\r\n");
    expect(said).to.include("X-Frame-Options: DENY\r\n").and.include("etag: y\r\n").and.include("X-ReQuest-ID: 7\r\n");
  });

  const fields = "HOST: a.test\r\nX-CamelCase: 1\r\nSOAPAction: go\r\nx-lower: 2\r\nX-CamelCase: 3\r\n";
  const requests: Readonly<Record<string, string>> = {
    "a request without a body": `GET /x HTTP/1.1\r\n${fields}\r\n`,
    "a request with a short body": `POST /x HTTP/1.1\r\n${fields}Content-Length: 2\r\n\r\nhi`,
    "a body in chunks": `POST /x HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
  };
  for (const [name, request] of Object.entries(requests)) {
    it(`are sent on as they came, both ways: ${name}`, async () => {
      const upstream = await startRaw();
      const said = await ask(await front(upstream.port, [retry()]), request, "\r\n\r\nok");
      expect(namesOf(said)).to.include.members(["X-ReQuest-ID", "Set-Cookie", "ETag", "lower", "Content-Length"]);
      expect(said.match(/Set-Cookie: /g)).to.have.lengthOf(2);
      const asked = namesOf(await upstream.asked);
      expect(asked).to.include.members(["HOST", "X-CamelCase", "SOAPAction", "x-lower"]);
      expect(asked.filter((each) => each === "X-CamelCase")).to.have.lengthOf(2);
      expect(new Set(asked.map((each) => each.toLowerCase())).size, "no name twice in two spellings").to.equal(new Set(asked).size);
    });
  }

  it("are sent on as they came through hooks that copy and change headers", async () => {
    const upstream = await startRaw();
    const changing = plugin("changing", {
      exchange: (attempt, request) => {
        // One as it came, too: what follows it in the list of names is the name of another.
        const { "x-camelcase": _, ...others } = request.headers;
        request.headers = { ...others, "x-added": "1", "X-Own": "2", "X-CamelCase": "9" };
        return attempt.pipe(map((response) => ({ ...response, headers: { "x-new": "3", ...response.headers, etag: "other" } })));
      },
    });
    const said = await ask(await front(upstream.port, [changing]), requests["a request without a body"] ?? "", "\r\n\r\nok");
    expect(namesOf(said)).to.include.members(["x-new", "X-ReQuest-ID", "ETag"]);
    expect(said).to.include("ETag: other\r\n");
    expect(namesOf(await upstream.asked)).to.include.members(["x-added", "X-Own", "X-CamelCase"]);
  });

  it("are sent on as they came with a WebSocket", async () => {
    const upstream = await startRaw(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n!",
    );
    const request =
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\n";
    const said = await ask(await front(upstream.port), request, "!");
    expect(namesOf(said)).to.include("Sec-WebSocket-Accept");
    expect(namesOf(await upstream.asked)).to.include.members(["Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version"]);
  });

  const messages = {
    trailers: {
      request: `POST /x HTTP/1.1\r\n${fields}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-CheckSum: 1\r\nX-Checksum: 2\r\nlast: 3\r\n\r\n`,
      answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nGrpc-Status: 0\r\nX-MD5: x\r\n\r\n",
      end: "X-MD5: x\r\n\r\n",
      sent: ["X-CheckSum: 1\r\nX-Checksum: 2\r\nlast: 3\r\n\r\n"],
      said: ["\r\n0\r\nGrpc-Status: 0\r\nX-MD5: x\r\n\r\n"],
    },
    "answers before the answer, and their words": {
      request: `GET /x HTTP/1.1\r\n${fields}\r\n`,
      answer: `HTTP/1.1 103 Early Words\r\nLink: a\r\nX-Hint: b\r\n\r\n${answer}`,
      end: "ok",
      sent: [],
      said: ["HTTP/1.1 103 Early Words\r\nLink: a\r\nX-Hint: b\r\n\r\nHTTP/1.1 200 OK\r\n"],
    },
    "names that all objects have": {
      request: `POST /x HTTP/1.1\r\n${fields}__proto__: 1\r\n__proto__: 2\r\nconstructor: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n__proto__: 4\r\n\r\n`,
      answer:
        "HTTP/1.1 200 OK\r\n__proto__: 5\r\n__proto__: 6\r\nconstructor: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n__proto__: 8\r\n\r\n",
      end: "0\r\n__proto__: 8\r\n\r\n",
      sent: ["__proto__: 1\r\n__proto__: 2\r\nconstructor: 3\r\n", "\r\n0\r\n__proto__: 4\r\n\r\n"],
      said: ["__proto__: 5\r\n__proto__: 6\r\nconstructor: 7\r\n"],
    },
    "names that all objects have, without a body": {
      request: "GET /x HTTP/1.1\r\nHost: a\r\n__proto__: 1\r\n__proto__: 2\r\n\r\n",
      answer: "HTTP/1.1 200 OK\r\n__proto__: 3\r\nContent-Length: 2\r\n\r\nok",
      end: "ok",
      sent: ["__proto__: 1\r\n__proto__: 2\r\n"],
      said: ["__proto__: 3\r\n"],
    },
    "one field in several spellings": {
      request: "GET /x HTTP/1.1\r\nHost: a\r\nx-foo: 1\r\nX-Foo: 2\r\nX-FOO: 3\r\nx-foo: 4\r\n\r\n",
      answer: "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nSET-COOKIE: c=3\r\nContent-Length: 2\r\n\r\nok",
      end: "ok",
      sent: ["x-foo: 1\r\nX-Foo: 2\r\nX-FOO: 3\r\nx-foo: 4\r\n"],
      said: ["set-cookie: a=1\r\nSet-Cookie: b=2\r\nSET-COOKIE: c=3\r\n"],
    },
  };
  for (const [name, { request, answer: reply, end, sent, said }] of Object.entries(messages))
    it(`are sent on as they came, both ways: ${name}`, async () => {
      const upstream = await startRaw(reply);
      const heard = await ask(await front(upstream.port), request, end);
      for (const part of said) expect(heard).to.include(part);
      for (const part of sent) expect(await upstream.asked).to.include(part);
    });

  it("pass over HTTP/2, both ways, also names that all objects have", async () => {
    const server = createHttp2Server();
    let asked: readonly string[] = [];
    server.on("request", ({ rawHeaders, stream }) => {
      asked = rawHeaders;
      stream.respond({ ":status": 200, ["__proto__"]: ["3", "4"], constructor: "5" });
      stream.end("ok");
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    const upstream = { endpoints: [`127.0.0.1:${portOf(server)}`], http: "2" as const };
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream }] });
    const { headers } = await askOn(openHttp2(cleanup, port()), { ":path": "/", ["__proto__"]: ["1", "2"], constructor: "6" });
    expect(asked.join(" ")).to.include("__proto__ 1 __proto__ 2 constructor 6");
    expect([headers["__proto__"], headers["constructor"]]).to.deep.equal(["3, 4", "5"]);
  });

  it("are lower case on HTTP/2, whatever the upstream sends", async () => {
    const upstream = await startRaw();
    const session = cleanup.keep(connectHttp2(`http://127.0.0.1:${await front(upstream.port)}`));
    const stream = session.request({ ":path": "/" });
    const headers = await new Promise<object>((resolve) => stream.once("response", resolve));
    expect(Object.keys(headers)).to.include.members(["x-request-id", "etag"]);
    stream.destroy();
  });
});
