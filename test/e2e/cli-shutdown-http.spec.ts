import { expect } from "chai";
import { Agent } from "node:http";
import type { ServerResponse } from "node:http";
import type { ClientHttp2Session } from "node:http2";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli } from "../support/cli.ts";
import { ask } from "../support/http-client.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { closeOf, connect, readAll, readBytes } from "../support/sockets.ts";

const config = (workers: number, upstream: string): string => `
import { defineConfig } from "sluice";
import { http, tlsTermination } from "sluice/plugins";
const http1And2 = { upstream: "${upstream}", plugins: [http()] };
export default defineConfig({
  workers: ${workers},
  shutdown: { delay: "1h", quiet: "300ms" },
  timeouts: { drain: "1h" },
  listeners: {
    plain: { listen: "tcp://127.0.0.1:0", ...http1And2 },
    secure: { listen: "tls://127.0.0.1:0", ...http1And2, plugins: [tlsTermination({ selfSigned: ["localhost"], alpn: ["h2", "http/1.1"] }), http()] },
  },
});
`;

/** When the server says that it takes no more streams: its code. */
const goodbyeOf = (session: ClientHttp2Session): Promise<number> =>
  bounded(new Promise((resolve) => session.once("goaway", (code: number) => resolve(code))), "GOAWAY", 60_000);

/** What happens while a request waits, and once it is answered. */
interface Exchange {
  readonly atOnce: () => Promise<void>;
  readonly afterwards: () => Promise<void>;
}

// One start for HTTP/2, HTTP/2 over TLS and HTTP/1.1: it is most of the work.
for (const workers of [1, 2])
  describe(`SIGTERM during HTTP exchanges, workers: ${workers}`, function () {
    this.timeout(180_000);
    const cleanup = createCleanup();
    /** Requests for /slow that the upstream has and has not answered. */
    const held: ServerResponse[] = [];
    let came = (): void => undefined;
    afterEach(() => cleanup.run());

    const heldAre = (count: number): Promise<void> =>
      bounded(
        new Promise((resolve) => {
          came = () => (held.length >= count ? resolve() : undefined);
          came();
        }),
        `${count} requests at the upstream`,
        60_000,
      );
    const get = (path: string) => ({ ":path": path, ":method": "GET" });

    async function onHttp2(port: number, scheme: "http" | "https"): Promise<Exchange> {
      const idle = openHttp2(cleanup, port, scheme);
      const busy = openHttp2(cleanup, port, scheme);
      expect(String((await askOn(idle, get("/"))).body)).to.equal("fast");
      const slow = askOn(busy, get("/slow"));
      const goodbyes = Promise.all([goodbyeOf(idle), goodbyeOf(busy)]);
      const idleClosed = eventOf(idle, "close", 60_000);
      return {
        atOnce: async () => {
          expect(await goodbyes, scheme).to.deep.equal([0, 0]);
          await idleClosed;
        },
        afterwards: async () => {
          expect(String((await slow).body), scheme).to.equal("slow");
        },
      };
    }

    async function onHttp1(port: number): Promise<Exchange> {
      const idle = cleanup.keep(await connect(port));
      idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(String(await readBytes(idle, 15))).to.equal("HTTP/1.1 200 OK");
      const agent = cleanup.keep(new Agent({ keepAlive: true }));
      const slow = ask(port, { path: "/slow", agent });
      return {
        atOnce: async () => {
          await readAll(idle, 60_000);
          idle.end();
          await closeOf(idle, 60_000);
        },
        afterwards: async () => {
          const { status, headers, body } = await slow;
          expect([status, body]).to.deep.equal([200, "slow"]);
          // With two workers the other one may not have heard of it yet; then it closes the connection once it has.
          if (workers === 1) expect(headers["connection"]).to.equal("close");
        },
      };
    }

    it("sends GOAWAY on HTTP/2, closes idle HTTP/1.1 connections at once, finishes open exchanges, and ends", async () => {
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        if (request.url !== "/slow") response.end("fast");
        else {
          held.push(response);
          came();
        }
      });
      const folder = createCliFolder(cleanup);
      folder.write("proxy.config.ts", config(workers, upstream.endpoint));
      const cli = startCli(cleanup, folder, ["start"]);
      const { plain = 0, secure = 0 } = await cli.ready();
      const exchanges = [await onHttp2(plain, "http"), await onHttp2(secure, "https"), await onHttp1(plain)];
      await heldAre(3);
      cli.kill("SIGTERM");
      for (const { atOnce } of exchanges) await atOnce();
      for (const response of held) response.end("slow");
      for (const { afterwards } of exchanges) await afterwards();
      expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    });
  });
