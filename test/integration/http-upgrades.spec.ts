import { expect } from "chai";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { each } from "sluice/flow";
import { retry } from "sluice/plugins";
import { of } from "rxjs";
import { startUpstream } from "sluice/testing";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { talk } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { closeOf, connect, portOf, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

describe("A protocol other than WebSocket, through http()", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  interface Asked {
    readonly method: string;
    readonly upgrade: string;
    body: string;
  }

  /** Agrees on what it is asked for, once it has the whole body, and says everything twice. */
  async function startTwice(): Promise<{ readonly endpoint: string; readonly asked: Asked[]; readonly sockets: Set<Socket> }> {
    const asked: Asked[] = [];
    const sockets = new Set<Socket>();
    const server = createServer();
    // Node gives what follows the header, the body too, as the other protocol's bytes.
    server.on("upgrade", (request, socket: Socket, head) => {
      sockets.add(socket);
      socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
      const { method = "", headers } = request;
      const one = { method, upgrade: headers.upgrade ?? "", body: "" };
      asked.push(one);
      const length = Number(headers["content-length"] ?? 0);
      const isChunked = headers["transfer-encoding"] === "chunked";
      let isAgreed = false;
      const got = (chunk: Buffer): void => {
        if (isAgreed) {
          if (String(chunk) === "bye") socket.end("BYE");
          else socket.write(`${String(chunk)}${String(chunk)}`);
          return;
        }
        one.body += String(chunk);
        if (isChunked ? !one.body.endsWith("0\r\n\r\n") : one.body.length < length) return;
        isAgreed = true;
        const [first = ""] = one.upgrade.split(",");
        socket.write(`HTTP/1.1 101 UPGRADED\r\nContent-Type: application/x-raw\r\nConnection: Upgrade\r\nUpgrade: ${first}\r\n\r\nhello `);
      };
      socket.on("data", got);
      got(head);
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
      server.closeAllConnections();
    });
    return { endpoint: `127.0.0.1:${portOf(server)}`, asked, sockets };
  }

  const ways: Readonly<Record<string, { readonly request: string; readonly asked: Asked }>> = {
    "without a body": {
      request: "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\r\n",
      asked: { method: "GET", upgrade: "foo/2", body: "" },
    },
    "of several": {
      request: "OPTIONS /x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: foo, h2c\r\nUpgrade: bar\r\n\r\n",
      asked: { method: "OPTIONS", upgrade: "foo, bar", body: "" },
    },
    // As clients of Docker's API do.
    "behind a body": {
      request: 'POST /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 12\r\n\r\n{"Tty":true}',
      asked: { method: "POST", upgrade: "tcp", body: '{"Tty":true}' },
    },
    "behind a body in chunks": {
      request:
        "POST /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
      asked: { method: "POST", upgrade: "tcp", body: "hi" },
    },
  };
  for (const [what, { request, asked }] of Object.entries(ways)) {
    it(`passes ${what}: the upstream's 101 and the bytes after it, and the end of each direction separately`, async () => {
      const upstream = await startTwice();
      let seen: string | undefined;
      const spy = plugin("spy", {
        exchange: (attempt, { isUpgrade, upgrade }) => ((seen = `${isUpgrade} ${upgrade}`), attempt),
        fromClient: (data) => data.pipe(each((chunk) => (String(chunk) === "swap" ? Buffer.from("SWAP") : chunk))),
      });
      const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before: [spy, retry()] });
      const socket = await connect(port());
      const chunks: string[] = [];
      socket.on("data", (chunk: Buffer) => chunks.push(String(chunk)));
      socket.write(request);
      await eventually(() => expect(chunks.join("")).to.match(/hello $/));
      expect(chunks.join(""))
        .to.match(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
        .and.match(/\r\nupgrade: (foo\/2|foo|tcp)\r\n/)
        .and.match(/content-type: application\/x-raw/i);
      socket.write("swap");
      await eventually(() => expect(chunks.join("")).to.match(/SWAPSWAP$/));
      socket.write("bye");
      await bounded(new Promise((resolve) => socket.once("end", resolve)), "the upstream's end");
      expect(chunks.join("")).to.match(/BYE$/);
      const [got] = upstream.asked;
      expect([got?.method, got?.upgrade, seen]).to.deep.equal([asked.method, asked.upgrade, `true ${asked.upgrade}`]);
      expect(got?.body).to.be.oneOf([asked.body, `2\r\n${asked.body}\r\n0\r\n\r\n`]);
      socket.end();
      await eventually(() => expect([proxy.sessions.size, upstream.sockets.size]).to.deep.equal([0, 0]));
    });
  }

  it("is reset for the other side when one side resets", async () => {
    const upstream = await startTwice();
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const socket = await connect(port());
    socket.write(ways["without a body"]?.request ?? "");
    await readBytes(socket, 12);
    const [far] = [...upstream.sockets];
    far?.resetAndDestroy();
    expect(await closeOf(socket)).to.equal("ECONNRESET");
  });

  it("cannot be accepted by an upstream before the end of the request, or without a request for it", async () => {
    const upstream = await startUpstream((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n"));
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    for (const head of [
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 9\r\n\r\nhalf",
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ]) {
      const socket = await connect(port());
      socket.write(head);
      expect(String(await readBytes(socket, 12))).to.equal("HTTP/1.1 502");
      socket.destroy();
    }
  });

  it("is answered in HTTP if the upstream does not accept it, and the connection closes after the answer", async () => {
    const { port } = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: "127.0.0.1:9" }] },
      { before: [plugin("no", { exchange: () => of({ status: 200, headers: {}, body: "plain" }) })] },
    );
    const answers = await talk(
      port(),
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    expect(answers.match(/HTTP\/1\.1 200/g)).to.have.lengthOf(1);
    expect(answers).to.match(/connection: close/i);
  });
});
