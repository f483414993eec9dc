import { expect } from "chai";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import type { ExchangeEnd } from "sluice";
import { retry } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask, talk, type Ask } from "../support/http-client.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";
import { connect, freePort } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const body = "x".repeat(100_000);

function isWhole(text: string): boolean {
  return text.endsWith("\r\n0\r\n\r\n") || text.endsWith(`\r\n\r\n${body}`) || (text.startsWith("GET ") && text.endsWith("\r\n\r\n"));
}

/** An upstream that leaves a connection open though close was said on it, and notes what is asked on it all the same. */
async function lasting(cleanup: ReturnType<typeof createCleanup>, answer = ok) {
  const asked: string[] = [];
  const afterClose: string[] = [];
  const upstream = await startUpstream((socket: Socket) => {
    let text = "";
    let isLast = false;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!isWhole(text)) return;
      const line = text.slice(0, text.indexOf("\r\n"));
      if (isLast) afterClose.push(line);
      asked.push(line);
      isLast ||= /\r\nconnection: close\r\n/i.test(text + answer);
      text = "";
      socket.write(answer);
    });
  });
  cleanup.add(() => upstream.close());
  return { endpoint: upstream.endpoint, asked, afterClose };
}

/** Node's client takes no header of that size by default. */
function statusOf(port: number, { body: sent, ...options }: Ask): Promise<number> {
  const answered = new Promise<number>((resolve, reject) => {
    const outgoing = httpRequest({ host: "127.0.0.1", port, agent: false, maxHeaderSize: 1_000_000, ...options }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
    });
    outgoing.once("error", reject).end(sent);
  });
  return bounded(answered, "an answer");
}

describe("Connections to upstreams, from outside", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const ways: Record<string, Ask> = {
    "a body in chunks": { method: "POST", headers: { "transfer-encoding": "chunked" }, body },
    "a body in chunks, of a method that rarely has one": { method: "DELETE", headers: { "transfer-encoding": "chunked" }, body },
    "a body with a length": { method: "POST", headers: { "content-length": "100000" }, body },
    "no body": {},
  };
  for (const [what, parts] of Object.entries(ways)) {
    for (const [who, answer] of [
      ["nobody", ok],
      ["the upstream", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"],
    ] as const) {
      // RFC 9112 section 9.6.
      it(`are not used again after Connection: close was sent, with ${what}, also by: ${who}`, async () => {
        const upstream = await lasting(cleanup, answer);
        const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
        for (let at = 0; at < 3; at += 1) expect((await ask(port(), { ...parts, path: `/${at}` })).status).to.equal(200);
        expect(upstream.asked).to.have.lengthOf(3);
        expect(upstream.afterClose).to.deep.equal([]);
      });
    }
  }

  // RFC 9110 section 9.2.2: what never reached an upstream is repeated, whatever the method.
  for (const [what, parts] of Object.entries({ ...ways, "a short body": { method: "PATCH", body: "x" } })) {
    it(`that cannot be opened: the next endpoint is asked with ${what}`, async () => {
      const good = await startHttpUpstream(cleanup, (_request, response) => response.end("good"));
      const endpoints = [`127.0.0.1:${await freePort()}`, good.endpoint];
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints, balance: "round-robin" } }] });
      for (let at = 0; at < 4; at += 1) expect((await ask(port(), parts)).body).to.equal("good");
    });

    it(`that have no address: the next endpoint is asked, with retry() and without, with ${what}`, async () => {
      const good = await startHttpUpstream(cleanup, (_request, response) => response.end("good"));
      const endpoints = ["none.invalid:80", good.endpoint];
      for (const before of [[], [retry({ delay: "1ms" })]]) {
        const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints, balance: "round-robin" } }] }, { before });
        for (let at = 0; at < 4; at += 1) expect((await ask(port(), parts)).body).to.equal("good");
      }
    });

    it(`that cannot be opened: retry() goes on until there is an upstream, with ${what}`, async () => {
      const at = await freePort();
      const before = [retry({ attempts: 1_000, delay: "5ms", jitter: "none", factor: 1 })];
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: `127.0.0.1:${at}` }] }, { before });
      const answer = ask(port(), parts);
      await startHttpUpstream(cleanup, telling(), at);
      expect((await answer).told.body).to.equal(parts.body ?? "");
    });
  }

  it("have each of their attempts in the request's record, once one has failed", async () => {
    const good = await startHttpUpstream(cleanup, (_request, response) => response.end("good"));
    const bad = `127.0.0.1:${await freePort()}`;
    const ends: ExchangeEnd[] = [];
    const seen = plugin("seen", {
      exchange: (attempt, request) => {
        request.onEnd((end) => ends.push(end));
        return attempt;
      },
    });
    const endpoints = [bad, good.endpoint];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints, balance: "round-robin" } }] }, { before: [seen] });
    await ask(port(), {});
    await ask(port(), {});
    const made = ends.map(({ attempts }) => attempts?.map(({ endpoint, code }) => [endpoint, code]));
    expect(made).to.deep.include([
      [bad, "SLUICE_UPSTREAM_REFUSED"],
      [good.endpoint, undefined],
    ]);
    expect(made.filter((attempts) => attempts === undefined)).to.have.length(1);
  });

  it("that were opened and break are not tried again with a method that is not idempotent", async () => {
    const dying = cleanup.keep(await startUpstream("reset"));
    const before = [retry({ attempts: 3, delay: "1ms" })];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: dying.endpoint }] }, { before });
    expect((await ask(port(), { method: "POST", body: "x" })).status).to.equal(502);
    expect(dying.connections).to.equal(1);
  });

  for (const [what, parts] of Object.entries(ways)) {
    it(`cannot all be used by one client: another is served meanwhile, with ${what}`, async () => {
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        if (request.url === "/now") response.end("served");
      });
      const { port } = await startHttpProxy(cleanup, {
        limits: { connections: 4, waiting: 8 },
        timeouts: { response: "30s" },
        routes: [{ upstream: upstream.endpoint }],
      });
      const greedy = Array.from({ length: 20 }, () => ask(port(), parts).catch(() => undefined));
      await eventually(() => expect(upstream.asked).to.have.lengthOf(2));
      const served = await ask(port(), { ...parts, path: "/now", localAddress: "127.0.0.2" });
      expect([served.body, upstream.connections]).to.deep.equal(["served", 3]);
      await upstream.close();
      await Promise.all(greedy);
    });
  }

  for (const type of ["text/event-stream", "application/octet-stream"]) {
    it(`with long responses leave connections for short ones: ${type}`, async () => {
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        if (request.url === "/now") response.end("served");
        else response.writeHead(200, { "content-type": type }).write("the first");
      });
      const { port } = await startHttpProxy(cleanup, { limits: { connections: 4 }, routes: [{ upstream: upstream.endpoint }] });
      for (let at = 0; at < 12; at += 1) {
        const socket = cleanup.keep(await connect(port()));
        socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      }
      await eventually(() => expect(upstream.open()).to.equal(12), { within: 15_000 });
      expect((await ask(port(), { path: "/now" })).body).to.equal("served");
    });
  }

  it("pass the reason phrase on, and accept an empty port in Host", async () => {
    const upstream = await startUpstream((socket) => {
      socket.on("data", () => void socket.write("HTTP/1.1 200 Fine So Far\r\nContent-Length: 2\r\n\r\nok"));
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ host: "localhost", upstream: upstream.endpoint }] });
    expect(await talk(port(), "GET / HTTP/1.1\r\nHost: localhost:\r\nConnection: close\r\n\r\n")).to.match(
      /^HTTP\/1\.1 200 Fine So Far\r\n/,
    );
  });

  for (const status of [102, 103, 199]) {
    it(`pass ${status} on before the response, without a length (RFC 9110 section 8.6), but not to a client of HTTP/1.0`, async () => {
      const upstream = await startUpstream((socket) => {
        socket.on("data", () => void socket.write(`HTTP/1.1 ${status} Wait\r\nContent-Length: 0\r\nX: y\r\n\r\n${ok}`));
      });
      cleanup.add(() => upstream.close());
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      for (const request of [
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: y\r\n\r\n",
      ])
        expect(await talk(port(), request)).to.match(new RegExp(`^HTTP/1\\.1 ${status} Wait\\r\\nx: y\\r\\n\\r\\nHTTP/1\\.1 200 `, "i"));
      expect((await askOn(openHttp2(cleanup, port()), { ":path": "/" })).status).to.equal(200);
      expect(await talk(port(), "GET / HTTP/1.0\r\n\r\n")).to.match(/^HTTP\/1\.1 200 /);
    });
  }

  for (const [size, status] of [
    [60 * 1024, 200],
    [70 * 1024, 502],
  ] as const) {
    for (const [what, parts] of Object.entries(ways)) {
      it(`answer a header of ${size} bytes with ${status}, with ${what}`, async () => {
        const upstream = await lasting(cleanup, `HTTP/1.1 200 OK\r\nX: ${"x".repeat(size)}\r\nContent-Length: 2\r\n\r\nok`);
        const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
        const text = await statusOf(port(), parts);
        expect(text).to.equal(status);
      });
    }
  }
});

describe("Connections to upstreams, when a client authenticates", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const [authorization, others, accepted] of [
    ["Bearer negotiate", "more", 1],
    ["NTLM TlRMTVNTUAABAAAA", "no", 4],
    ["negotiate YII=", "no", 4],
  ] as const) {
    it(`are used for ${others} requests after one with "Authorization: ${authorization}"`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const headers = { authorization };
      await ask(port(), { headers });
      await ask(port(), { headers, method: "POST", body: "x" });
      await ask(port(), { headers, method: "POST", body: "x".repeat(500_000) });
      // Another client's: for some servers it would come from the same user.
      expect((await ask(port())).status).to.equal(200);
      expect(upstream.connections).to.equal(accepted);
    });
  }
});
