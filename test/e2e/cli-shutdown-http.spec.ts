import { expect } from "chai";
import { Agent } from "node:http";
import type { ServerResponse } from "node:http";
import type { ClientHttp2Session } from "node:http2";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type Cli } from "../support/cli.ts";
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

for (const workers of [1, 2])
  describe(`SIGTERM during HTTP exchanges, workers: ${workers}`, function () {
    this.timeout(180_000);
    const cleanup = createCleanup();
    let cli: Cli;
    let ports: Readonly<Record<string, number>>;
    /** Requests for /slow that the upstream has and has not answered. */
    let held: ServerResponse[];
    let came: () => void;

    beforeEach(async () => {
      held = [];
      came = () => undefined;
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        if (request.url !== "/slow") response.end("fast");
        else {
          held.push(response);
          came();
        }
      });
      const folder = createCliFolder(cleanup);
      folder.write("proxy.config.ts", config(workers, upstream.endpoint));
      cli = startCli(cleanup, folder, ["start"]);
      ports = await cli.ready();
    });
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

    for (const [listener, scheme] of [
      ["plain", "http"],
      ["secure", "https"],
    ] as const) {
      it(`sends GOAWAY on HTTP/2, finishes open exchanges, and ends: ${scheme}`, async () => {
        const port = ports[listener] ?? 0;
        const idle = openHttp2(cleanup, port, scheme);
        const busy = openHttp2(cleanup, port, scheme);
        expect(String((await askOn(idle, get("/"))).body)).to.equal("fast");
        const stream = busy.request(get("/slow"));
        await heldAre(1);
        const goodbyes = Promise.all([goodbyeOf(idle), goodbyeOf(busy)]);
        const idleClosed = eventOf(idle, "close", 60_000);
        cli.kill("SIGTERM");
        expect(await goodbyes).to.deep.equal([0, 0]);
        await idleClosed;
        let body = "";
        stream.setEncoding("utf8").on("data", (text: string) => (body += text));
        const ended = eventOf(stream, "end", 60_000);
        held[0]?.end("slow");
        await ended;
        expect(body).to.equal("slow");
        expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
      });
    }

    it("closes idle HTTP/1.1 connections at once, and the others after their answer", async () => {
      const port = ports["plain"] ?? 0;
      const idle = await connect(port);
      cleanup.add(() => void idle.destroy());
      idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(String(await readBytes(idle, 15))).to.equal("HTTP/1.1 200 OK");
      const agent = new Agent({ keepAlive: true });
      cleanup.add(() => agent.destroy());
      const slow = ask(port, { path: "/slow", agent });
      await heldAre(1);
      cli.kill("SIGTERM");
      await readAll(idle, 60_000);
      idle.end();
      await closeOf(idle, 60_000);
      held[0]?.end("slow");
      const { status, headers, body } = await slow;
      expect([status, body]).to.deep.equal([200, "slow"]);
      // With two workers the other one may not have heard of it yet; then it closes the connection once it has.
      if (workers === 1) expect(headers["connection"]).to.equal("close");
      expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    });
  });
