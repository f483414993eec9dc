import { expect } from "chai";
import { createServer } from "node:http";
import { retry } from "sluice/plugins";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { talk } from "../support/http-client.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { portOf } from "../support/sockets.ts";

describe("Max-Forwards through http()", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  let seen: (string | undefined)[];
  let port: () => number;

  beforeEach(async () => {
    seen = [];
    const server = createServer((request, response) => {
      seen.push(request.headers["max-forwards"] as string | undefined);
      // The first try fails, so that retry() makes another one.
      if (request.url === "/again" && seen.length === 1) request.socket.destroy();
      else response.end("from the upstream");
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => {
      server.close();
      server.closeAllConnections();
    });
    const routes = [{ upstream: `127.0.0.1:${portOf(server)}` }];
    ({ port } = await startHttpProxy(cleanup, { routes }, { before: [retry({ delay: "1ms" })] }));
  });

  const ask = (line: string, value: string): Promise<string> =>
    talk(port(), `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nMax-Forwards: ${value}\r\n\r\n`);

  for (const line of ["OPTIONS /a", "OPTIONS *", "TRACE /a"])
    it(`counts one less for each proxy: ${line}`, async () => {
      expect(await ask(line, "3")).to.include("from the upstream");
      expect(await ask(line, "1")).to.include("from the upstream");
      expect(seen).to.deep.equal(["2", "0"]);
    });

  it("counts a request once, however often it is tried", async () => {
    expect(await ask("OPTIONS /again", "5")).to.include("from the upstream");
    expect(seen).to.deep.equal(["4", "4"]);
  });

  it("ends OPTIONS at the proxy when it is 0, with an empty answer", async () => {
    expect((await ask("OPTIONS /a", "0")).toLowerCase()).to.match(/^http\/1\.1 200 .*\r\ncontent-length: 0\r\n.*\r\n\r\n$/s);
    const { headers } = await askOn(openHttp2(cleanup, port()), { ":method": "OPTIONS", ":path": "/a", "max-forwards": "0" });
    expect(headers[":status"]).to.equal(200);
    expect(seen).to.deep.equal([]);
  });

  it("ends TRACE at the proxy when it is 0, without showing the request", async () => {
    const answer = (await ask("TRACE /a", "0")).toLowerCase();
    expect(answer).to.match(/^http\/1\.1 405 .*\r\nallow: options\r\n/s);
    expect(answer).to.not.include("max-forwards");
    expect(seen).to.deep.equal([]);
  });

  it("passes on what is no number, and the field of other methods", async () => {
    await ask("OPTIONS /a", "-1");
    await ask("OPTIONS /a", "many");
    await ask("GET /a", "0");
    expect(seen).to.deep.equal(["-1", "many", "0"]);
  });
});
