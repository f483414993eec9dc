import { expect } from "chai";
import { connect as connectHttp2, constants } from "node:http2";
import type { Socket } from "node:net";
import type { PluginUse } from "sluice";
import { httpConnect, socks5 } from "sluice/plugins";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { exchange } from "../support/exchange.ts";
import { startForward, type Forward } from "../support/forward.ts";
import { runTool } from "../support/real-peer.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";

const users = { ann: "a secret of hers" };

/** A server that answers each connection with one HTTP response. */
function web(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"));
}

describe("Forward proxies", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const start = (use: PluginUse, behave: Parameters<typeof startForward>[1] = "echo"): Promise<Forward> =>
    startForward(cleanup, behave, { plugins: [use], upstreamName: "inside.test" });
  const open = async (port: number): Promise<Socket> => cleanup.keep(await connect(port));

  describe("httpConnect", () => {
    const ask = async (port: number, authority: string, more = ""): Promise<Socket> => {
      const socket = await open(port);
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${more}\r\n`);
      return socket;
    };
    const statusOf = async (port: number, authority: string, more = ""): Promise<string> =>
      String(await readAll(await ask(port, authority, more))).slice(0, 12);

    it("connects to allowed targets, and passes on bytes that follow in the same chunk", async () => {
      const { port: portOf, upstream } = await start(httpConnect({ allow: ["127.0.0.1"] }));
      const port = portOf();
      const socket = await open(port);
      socket.write(`CONNECT 127.0.0.1:${upstream.port} HTTP/1.1\r\n\r\nearly`);
      const answer = "HTTP/1.1 200 Connection established\r\n\r\n";
      expect(String(await readBytes(socket, answer.length + 5))).to.equal(`${answer}early`);
      expect(await exchange(socket, "late")).to.equal("late");
    });

    it("reaches private addresses only if they are named: by network, or by the exact name", async () => {
      for (const [allow, host, status] of [
        [["*"], "127.0.0.1", 403],
        [["*"], "inside.test", 403],
        [["*.test"], "inside.test", 403],
        [["0.0.0.0/0", "::/0"], "127.0.0.1", 403],
        [["*"], "[::ffff:127.0.0.1]", 403],
        [["inside.test:1"], "inside.test", 403],
        [["127.0.0.0/8"], "10.0.0.1", 403],
        [["inside.test"], "127.0.0.1", 403],
      ] as const) {
        const { port: portOf, upstream } = await start(httpConnect({ allow }));
        const port = portOf();
        expect(await statusOf(port, `${host}:${upstream.port}`), `${allow.join()} ${host}`).to.equal(`HTTP/1.1 ${status}`);
      }
      for (const allow of [["inside.test"], ["*.test", "127.0.0.0/8"], ["127.0.0.1:1-65535"]]) {
        const { port: portOf, upstream } = await start(httpConnect({ allow }));
        const port = portOf();
        const socket = await ask(port, `inside.test:${upstream.port}`);
        expect(String(await readBytes(socket, 12)), allow.join()).to.equal("HTTP/1.1 200");
      }
    });

    it("checks an address by its value, however it is written", async () => {
      const spellings = [
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "127.000.000.001",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
      ];
      for (const [allow, status] of [
        ["127.0.0.1", 200],
        ["*", 403],
        ["10.0.0.0/8", 403],
      ] as const) {
        const { port: portOf, upstream } = await start(httpConnect({ allow: [allow] }));
        const port = portOf();
        for (const host of spellings) {
          const answer = String(await readBytes(await ask(port, `${host}:${upstream.port}`), 12));
          expect(answer, `${allow} ${host}`).to.equal(`HTTP/1.1 ${status}`);
        }
      }
    });

    it("never connects to the listener itself", async () => {
      const { port: portOf } = await start(httpConnect({ allow: ["127.0.0.1"] }));
      const port = portOf();
      expect(await statusOf(port, `127.0.0.1:${port}`)).to.equal("HTTP/1.1 403");
    });

    it("answers with the reason of a failure", async () => {
      const { port: portOf, upstream } = await start(httpConnect({ allow: ["127.0.0.1", "nowhere.invalid"] }));
      const port = portOf();
      await upstream.close();
      expect(await statusOf(port, `127.0.0.1:${upstream.port}`)).to.equal("HTTP/1.1 502");
      for (const nothing of ["127.0.0.1.1:80", "inside.1:80", "256.0.0.1:80", "0x:0", "08.1:80"])
        expect(await statusOf(port, nothing), nothing).to.equal("HTTP/1.1 400");
      expect(await statusOf(port, "127.0.0.1:80", "Content-Length: 5\r\n")).to.equal("HTTP/1.1 400");
      const other = await open(port);
      other.write("GET http://127.0.0.1/ HTTP/1.1\r\n\r\n");
      expect(String(await readAll(other)).slice(0, 12)).to.equal("HTTP/1.1 405");
    });

    it("tells clients of HTTP/2, in their own protocol, to come again with HTTP/1.1", async () => {
      const { port: portOf, event } = await start(httpConnect({ allow: ["127.0.0.1"] }));
      const client = cleanup.keep(connectHttp2(`http://127.0.0.1:${portOf()}`));
      client.on("error", () => undefined);
      const told = eventOf(client, "goaway");
      client.request({ ":method": "CONNECT", ":authority": "127.0.0.1:80" }).on("error", () => undefined);
      expect((await told)[0]).to.equal(constants.NGHTTP2_HTTP_1_1_REQUIRED);
      expect((await event("session-ended")).record.reason).to.equal("SLUICE_CLIENT_PROTOCOL");
    });

    it("asks for name and password", async () => {
      const { port: portOf, upstream, event } = await start(httpConnect({ allow: ["127.0.0.1"], users }));
      const port = portOf();
      const to = `127.0.0.1:${upstream.port}`;
      const as = (text: string): string => `Proxy-Authorization: Basic ${Buffer.from(text).toString("base64")}\r\n`;
      expect(await statusOf(port, to)).to.equal("HTTP/1.1 407");
      expect((await event("session-ended")).record.reason).to.equal("SLUICE_CLIENT_REJECTED");
      for (const wrong of ["ann:wrong", "bob:a secret of hers", "ann:", "ann"])
        expect(await statusOf(port, to, as(wrong)), wrong).to.equal("HTTP/1.1 407");
      expect(String(await readBytes(await ask(port, to, as(`ann:${users.ann}`)), 12))).to.equal("HTTP/1.1 200");
    });
  });

  describe("socks5", () => {
    const request = (port: number, command = 1, address = [1, 127, 0, 0, 1]): Buffer =>
      Buffer.from([5, command, 0, ...address, port >> 8, port & 0xff]);
    const replyTo = async (port: number, bytes: Buffer): Promise<number | undefined> => {
      const socket = await open(port);
      socket.write(Buffer.concat([Buffer.from([5, 1, 0]), bytes]));
      return (await readBytes(socket, 4))[3];
    };

    it("connects to allowed targets, with a request in single bytes and in one chunk", async () => {
      const { port: portOf, upstream } = await start(socks5({ allow: ["127.0.0.1"] }));
      const port = portOf();
      const all = Buffer.concat([Buffer.from([5, 1, 0]), request(upstream.port), Buffer.from("early")]);
      for (const pieces of [[all], [...all].map((byte) => Buffer.from([byte]))]) {
        const socket = await open(port);
        socket.setNoDelay(true);
        for (const piece of pieces) socket.write(piece);
        expect((await readBytes(socket, 17)).toString("latin1")).to.equal("\u0005\0\u0005\0\0\u0001\0\0\0\0\0\0early");
      }
    });

    it("answers with the code of a failure", async () => {
      const { port: portOf, upstream } = await start(socks5({ allow: ["127.0.0.1"] }));
      const port = portOf();
      expect(await replyTo(port, request(upstream.port, 2)), "BIND").to.equal(7);
      expect(await replyTo(port, request(upstream.port, 1, [9, 1, 1])), "type").to.equal(8);
      expect(await replyTo(port, request(80, 1, [1, 10, 0, 0, 1])), "not allowed").to.equal(2);
      expect(await replyTo(port, request(port)), "the listener").to.equal(2);
      await upstream.close();
      expect(await replyTo(port, request(upstream.port)), "refused").to.equal(5);
    });

    it("asks for name and password", async () => {
      const { port: portOf } = await start(socks5({ allow: ["127.0.0.1"], users }));
      const port = portOf();
      const without = await open(port);
      without.write(Buffer.from([5, 1, 0]));
      expect([...(await readAll(without))]).to.deep.equal([5, 0xff]);
      for (const [password, answer] of [
        ["wrong", 1],
        [users.ann, 0],
      ] as const) {
        const socket = await open(port);
        socket.write(
          Buffer.concat([Buffer.from([5, 1, 2, 1, 3]), Buffer.from("ann"), Buffer.from([password.length]), Buffer.from(password)]),
        );
        expect([...(await readBytes(socket, 4))]).to.deep.equal([5, 2, 1, answer]);
      }
    });
  });

  it("serve curl", async () => {
    const allow = ["inside.test", "127.0.0.1"];
    const user = `ann:${users.ann}`;
    for (const [use, parameters, host] of [
      [httpConnect({ allow, users }), ["--proxytunnel", "--proxy-user", user, "--proxy", "http://127.0.0.1:"], "inside.test"],
      [socks5({ allow, users }), ["--proxy-user", user, "--socks5-hostname", "127.0.0.1:"], "inside.test"],
      [socks5({ allow }), ["--socks5", "127.0.0.1:"], "127.0.0.1"],
    ] as const) {
      const { port: portOf, upstream } = await start(use, web);
      const port = portOf();
      const rest = [...parameters.slice(0, -1), `${parameters.at(-1)}${port}`, `http://${host}:${upstream.port}/`];
      const { code, stdout, stderr } = await runTool("curl", ["-sS", "--max-time", "20", ...rest]);
      expect([code, stdout, stderr]).to.deep.equal([0, "hello", ""]);
    }
  });
});
