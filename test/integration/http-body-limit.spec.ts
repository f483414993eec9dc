import { expect } from "chai";
import { request } from "node:http";
import { retry } from "sluice/plugins";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask, talk, talkApart } from "../support/http-client.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy, type HttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, type HttpUpstream } from "../support/http-upstream.ts";

describe("limits.body of http()", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(): Promise<{ readonly proxy: HttpProxy; readonly upstream: HttpUpstream }> {
    const upstream = await startHttpUpstream(cleanup);
    const options = { routes: [{ upstream: upstream.endpoint }], limits: { body: "1KiB" } };
    return { proxy: await startHttpProxy(cleanup, options, { before: [retry()] }), upstream };
  }
  const body = (bytes: number): Buffer => Buffer.alloc(bytes, "x");

  it("lets a body of exactly this size pass, with a length, in chunks and on HTTP/2", async () => {
    const { proxy } = await start();
    expect((await ask(proxy.port(), { method: "POST", body: body(1024) })).told.body).to.have.lengthOf(1024);
    const chunked = await ask(proxy.port(), { method: "POST", body: body(1024), headers: { "transfer-encoding": "chunked" } });
    expect(chunked.told.body).to.have.lengthOf(1024);
    expect((await askOn(openHttp2(cleanup, proxy.port()), { ":method": "POST" }, body(1024))).told().body).to.have.lengthOf(1024);
  });

  it("refuses a body with a larger declared length before the upstream is asked, also if the client waits for 100 Continue", async () => {
    const { proxy, upstream } = await start();
    for (const expect100 of ["", "Expect: 100-continue\r\n"]) {
      const answer = await talk(proxy.port(), `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n${expect100}\r\n`);
      expect(answer)
        .to.match(/^HTTP\/1\.1 413 Payload Too Large\r\n/)
        .and.match(/connection: close/i)
        .and.include("the body has more than 1024 bytes (SLUICE_HTTP_REQUEST)");
    }
    expect(upstream.connections).to.equal(0);
  });

  it("refuses a chunked body as soon as it is larger, and the upstream does not mistake a part for the whole", async () => {
    let whole = 0;
    const upstream = await startHttpUpstream(cleanup, (incoming, response) => {
      incoming.resume().once("end", () => {
        whole += 1;
        response.end();
      });
    });
    const proxy = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: upstream.endpoint }], limits: { body: 1024 } },
      { before: [retry()] },
    );
    const head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const chunk = `200\r\n${"x".repeat(512)}\r\n`;
    expect(await talkApart(proxy, [head + chunk, chunk, chunk])).to.match(/^HTTP\/1\.1 413 /);
    expect(await talk(proxy.port(), `${head}401\r\n`)).to.match(/^HTTP\/1\.1 413 /);
    await eventually(() => expect([upstream.open(), whole]).to.deep.equal([0, 0]));
    expect((await ask(proxy.port(), { method: "POST", body: body(10) })).status).to.equal(200);
  });

  it("resets the client if the answer has begun", async () => {
    const upstream = await startHttpUpstream(cleanup, (incoming, response) => {
      response.write("early");
      incoming.pipe(response);
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }], limits: { body: 1024 } });
    const outgoing = request({ host: "127.0.0.1", port: port(), method: "POST" });
    const failed = eventOf(outgoing, "error");
    outgoing.on("response", (response) =>
      response
        .on("error", () => undefined)
        .resume()
        .once("aborted", () => outgoing.destroy(new Error("cut"))),
    );
    outgoing.write(body(10));
    await eventOf(outgoing, "response");
    outgoing.write(body(2000));
    await failed;
    await eventually(() => expect(upstream.open()).to.equal(0));
  });

  it("applies to each request of HTTP/2 separately, with or without a length", async () => {
    const { proxy, upstream } = await start();
    const session = openHttp2(cleanup, proxy.port());
    const said = await askOn(session, { ":method": "POST", "content-length": 2000 }, body(2000));
    expect([said.status, String(said.body)]).to.deep.equal([
      413,
      "413 Payload Too Large: the body has more than 1024 bytes (SLUICE_HTTP_REQUEST)\n",
    ]);
    expect(upstream.asked).to.deep.equal([]);
    expect((await askOn(session, { ":method": "POST" }, body(100_000))).status).to.equal(413);
    expect((await askOn(session, { ":method": "POST" }, body(10))).told().body).to.have.lengthOf(10);
    await eventually(() => expect(upstream.open()).to.be.at.most(1));
  });
});
