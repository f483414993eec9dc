import { expect } from "chai";
import type { OutgoingHttpHeaders } from "node:http2";
import { createCleanup } from "../support/cleanup.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { frame, preface } from "../support/http2-frames.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpUpstream, type HttpUpstream } from "../support/http-upstream.ts";
import { closeOf, connect } from "../support/sockets.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";

const HEADERS = 1;
const CONTINUATION = 9;

describe("HTTP/2: headers", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  expectNothingUncaught();

  const fieldsOf = (count: number, length = 1): OutgoingHttpHeaders =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, "a".repeat(length)]));

  it("with a cookie split into many fields are joined to one field (RFC 9113 section 8.2.3)", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { limits: { fields: 3 }, routes: [{ upstream: upstream.endpoint }] });
    const crumbs = Array.from({ length: 500 }, (_, at) => `c${at}=1`);
    const session = openHttp2(cleanup, port());
    for (const body of [undefined, Buffer.from("x")]) {
      const method = body === undefined ? "GET" : "POST";
      const { told } = await askOn(session, { ":path": "/", ":method": method, cookie: crumbs, "x-a": "1", "x-b": "2" }, body);
      expect(told().headers.cookie).to.equal(crumbs.join("; "));
    }
    expect((await askOn(session, { ":path": "/", cookie: crumbs, ...fieldsOf(3) })).status).to.equal(431);
  });

  for (const [what, headers, status] of [
    ["as many fields as may be", fieldsOf(100), 200],
    ["a field more", fieldsOf(101), 431],
    ["four hundred fields", fieldsOf(400), 431],
    ["three thousand fields", fieldsOf(3000), 431],
    ["a long field", { "x-a": "a".repeat(20_000) }, 431],
    ["many long fields", fieldsOf(50, 1_200), 431],
    ["as many octets as may be", { "x-a": "a".repeat(16_000) }, 200],
  ] as const) {
    it(`are answered with ${status} on their stream if there are ${what}, and the connection continues`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const session = openHttp2(cleanup, port());
      const body = Buffer.alloc(100_000);
      expect((await askOn(session, { ":path": "/", ...headers })).status).to.equal(status);
      expect((await askOn(session, { ":path": "/", ":method": "POST", ...headers }, body)).status).to.equal(status);
      expect((await askOn(session, { ":path": "/" })).status).to.equal(200);
    });
  }

  it("may have more fields if limits.fields says so", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { limits: { fields: 400 }, routes: [{ upstream: upstream.endpoint }] });
    const { told } = await askOn(openHttp2(cleanup, port()), { ":path": "/", ...fieldsOf(400) });
    expect(Object.keys(told().headers).filter((name) => /^x-\d+$/.test(name))).to.have.lengthOf(400);
  });

  const begun = [preface, frame(4, 0, "")];
  for (const [what, start, more] of [
    ["CONTINUATION without end", [...begun, frame(HEADERS, 1, Buffer.from([0x82]), 1)], frame(CONTINUATION, 1, "")],
    [
      "a frame of HEADERS, an octet at a time",
      [...begun, frame(HEADERS, 1, Buffer.alloc(2_000, 0x82), 5).subarray(0, 20)],
      Buffer.from([0x82]),
    ],
    ["the beginning of a frame", [...begun, frame(HEADERS, 1, "", 5).subarray(0, 4)], Buffer.alloc(0)],
    ["half of the preface", [preface.subarray(0, 10)], Buffer.alloc(0)],
  ] as const) {
    it(`without an end close the connection after timeouts.headers: ${what}`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const { port, ended } = await startHttpProxy(cleanup, { timeouts: { headers: "300ms" }, routes: [{ upstream: upstream.endpoint }] });
      const socket = await connect(port());
      socket.on("error", () => undefined).resume();
      socket.write(Buffer.concat(start));
      const timer = setInterval(() => socket.write(more), 60);
      cleanup.add(() => clearInterval(timer));
      await closeOf(socket);
      expect((await ended()).reason).to.equal("SLUICE_CLIENT_TIMEOUT");
    });
  }

  it("that come octet by octet, but in time, are served", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const socket = cleanup.keep(await connect(port()));
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    const header = Buffer.from([0x82, 0x84, 0x86, 0x41, 0x01, 0x61]);
    // Node takes the octets of one CONTINUATION for as many frames of it, so there is none.
    const bytes = Buffer.concat([...begun, frame(HEADERS, 1, header, 5)]);
    for (const byte of bytes) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (!text.includes('"url":"/"')) await new Promise((resolve) => socket.once("data", resolve));
    expect(upstream.asked).to.deep.equal(["GET /"]);
  });

  describe("and trailers, on HTTP/1 too", () => {
    const forbidden = [
      "content-length",
      "transfer-encoding",
      "host",
      "x-forwarded-for",
      "authorization",
      "cookie",
      "x_forwarded_for",
      "content-type",
    ];
    const answering = (): Promise<HttpUpstream> =>
      startHttpUpstream(cleanup, (request, response) => {
        request.resume().once("end", () => {
          response.writeHead(200, { trailer: "x-told" });
          response.addTrailers({ "x-told": JSON.stringify([request.trailers, request.headers]), "set-cookie": "a=1", "x-real-ip": "1" });
          response.end("body");
        });
      });

    it("drop fields that no trailer may have (RFC 9110 section 6.5.1)", async () => {
      const upstream = await answering();
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const told2 = await new Promise<unknown>((resolve, reject) => {
        const stream = openHttp2(cleanup, port()).request({ ":path": "/", ":method": "POST" }, { waitForTrailers: true });
        const trailers = forbidden.filter((name) => !/^(transfer-encoding|host|content-length)$/.test(name)).map((name) => [name, "1"]);
        stream.once("wantTrailers", () => stream.sendTrailers({ ...Object.fromEntries(trailers), "x-sum": "7" }));
        stream.once("trailers", resolve).once("error", reject);
        stream.resume().end("hello");
      });
      expect(told2).to.have.property("x-told").that.includes('[{"x-sum":"7"},');
      expect(told2).not.to.have.any.keys("set-cookie", "x-real-ip");
      const socket = await connect(port());
      let text = "";
      socket.on("data", (chunk: Buffer) => (text += String(chunk)));
      socket.once("end", () => socket.end());
      const lines = forbidden.map((name) => `${name}: 1\r\n`).join("");
      socket.write(
        `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\n${lines}x-sum: 7\r\n\r\n`,
      );
      await closeOf(socket);
      expect(text)
        .to.include('x-told: [{"x-sum":"7"},')
        .and.not.match(/set-cookie|x-real-ip/);
    });

    it("drop fields whose names, written with _, would frame or forward a message", async () => {
      const upstream = await startHttpUpstream(cleanup);
      const { port } = await startHttpProxy(cleanup, { trustedProxies: ["127.0.0.1"], routes: [{ upstream: upstream.endpoint }] });
      const names = [
        "content_length",
        "transfer_encoding",
        "x_forwarded_for",
        "X_Forwarded-Host",
        "x_real_ip",
        "forwarded_",
        "proxy_authorization",
      ];
      const headers = { ":path": "/", ...Object.fromEntries(names.map((name) => [name, "1"])), x_other: "2" };
      const { told } = await askOn(openHttp2(cleanup, port()), headers);
      expect(Object.keys(told().headers).filter((name) => name.includes("_"))).to.have.members(["forwarded_", "x_other"]);
    });
  });
});
