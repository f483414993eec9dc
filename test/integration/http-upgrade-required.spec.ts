import { expect } from "chai";
import { createServer } from "node:http";
import { of } from "rxjs";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { talk } from "../support/http-client.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { portOf } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

describe("The answer 426 (Upgrade Required) through http()", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(status = 426): Promise<() => number> {
    const server = createServer((_request, response) => {
      response.writeHead(status, { Connection: "Upgrade, X-Hop", Upgrade: ["foo/2", "bar"], "X-Hop": "1" });
      response.end("no");
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => {
      server.close();
      server.closeAllConnections();
    });
    return (await startHttpProxy(cleanup, { routes: [{ upstream: `127.0.0.1:${portOf(server)}` }] })).port;
  }
  const get = (version: string): string => `GET / HTTP/${version}\r\nHost: a\r\nConnection: close\r\n\r\n`;

  it("says to which protocols a client of HTTP/1.1 can change", async () => {
    const port = await start();
    const said = (await talk(port(), get("1.1"))).toLowerCase();
    expect(said).to.include("\r\nupgrade: foo/2, bar\r\n").and.include("\r\nconnection: upgrade\r\n");
    expect(said).to.not.include("x-hop");
  });

  it("says the protocol that a hook answers with", async () => {
    const answering = plugin("answering", { exchange: () => of({ status: 426, headers: { upgrade: "foo" } }) });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: "127.0.0.1:9" }] }, { before: [answering] });
    expect((await talk(port(), get("1.1"))).toLowerCase()).to.include("\r\nupgrade: foo\r\n");
  });

  it("says no protocol to clients of HTTP/1.0 and HTTP/2, and neither does another status", async () => {
    const port = await start();
    expect((await talk(port(), get("1.0"))).toLowerCase())
      .to.include(" 426 ")
      .and.not.include("upgrade:");
    const { headers } = await askOn(openHttp2(cleanup, port()), { ":path": "/" });
    expect([headers[":status"], headers["upgrade"]]).to.deep.equal([426, undefined]);
    const other = await start(400);
    expect((await talk(other(), get("1.1"))).toLowerCase())
      .to.include(" 400 ")
      .and.not.include("upgrade:");
  });
});
