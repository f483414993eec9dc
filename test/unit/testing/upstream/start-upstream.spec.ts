import { expect } from "chai";
import type { Socket as DatagramSocket } from "node:dgram";
import type { Socket } from "node:net";
import { startProxy, startUpstream, type TestUpstream, type UpstreamKind } from "sluice/testing";
import { createCleanup } from "../../../support/cleanup.ts";
import { refusalOf } from "../../../support/rejection.ts";

const cleanup = createCleanup();

const streams = ["tcp", "tls", "unix"] as const;

/** What a client of a proxy sees of an upstream: it sends, finishes, and reads on to the end. */
async function seenOf(upstream: TestUpstream, timeout = 10_000): Promise<string> {
  const proxy = cleanup.keep(await startProxy({ upstream: upstream.address }));
  const client = await proxy.connect();
  client.end("hello");
  return client.readAll({ timeout }).then(
    (bytes) => bytes.toString("latin1"),
    (error: Error) => (error.message.includes("in vain") ? "nothing" : error.message.includes("reset") ? "reset" : error.message),
  );
}

const messageOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "resolved",
    ({ message }: Error) => message,
  );

for (const transport of streams) {
  describe(`An upstream over ${transport}`, () => {
    afterEach(() => cleanup.run());

    const expected: Readonly<Record<Exclude<UpstreamKind, "refuse" | "reset" | "http">, string>> = {
      echo: "hello",
      discard: "",
      hang: "nothing",
      garbage: "\u00ff".repeat(64),
      slow: "hello",
    };

    for (const [kind, answer] of Object.entries(expected)) {
      it(`of the kind ${kind} is reached by its address, and reports what it received`, async () => {
        const upstream = cleanup.keep(await startUpstream(kind as UpstreamKind, { transport }));
        expect(await seenOf(upstream, kind === "hang" ? 500 : undefined)).to.equal(answer);
        expect(String(upstream.received)).to.equal("hello");
        expect(upstream.connections).to.equal(1);
      });
    }

    it("ends the connection at the first byte, with a reset if the transport has one", async () => {
      const upstream = cleanup.keep(await startUpstream("reset", { transport }));
      expect(await seenOf(upstream)).to.equal(transport === "unix" ? "" : "reset");
    });

    it("refuses, so that the session ends before it is served", async () => {
      const upstream = cleanup.keep(await startUpstream("refuse", { transport }));
      const proxy = cleanup.keep(await startProxy({ upstream: upstream.address }));
      const client = await proxy.connect();
      expect(await client.ended).to.equal("fin");
      expect((await proxy.nextRecord()).reason).to.equal("SLUICE_UPSTREAM_REFUSED");
      expect(upstream.connections).to.equal(0);
    });

    it("calls a function for each connection, which may read later", async () => {
      const upstream = cleanup.keep(
        await startUpstream(
          (socket) => {
            setImmediate(() => socket.once("readable", () => socket.end(`got ${String(socket.read())}`)));
          },
          { transport },
        ),
      );
      expect(await seenOf(upstream)).to.equal("got hello");
      expect(String(upstream.received)).to.equal("hello");
    });

    const faulty: Readonly<Record<string, (socket: Socket) => void>> = {
      throws: () => {
        throw new Error("the test's own");
      },
      // oxlint-disable-next-line typescript/no-misused-promises -- what a test may write by mistake
      rejects: async () => Promise.reject(new Error("the test's own")),
    };
    for (const [how, behave] of Object.entries(faulty)) {
      it(`resets a connection whose function ${how}, goes on, and rejects with that error when it is closed`, async () => {
        const upstream = await startUpstream(behave, { transport });
        // So early that the proxy may not have served the session yet: then it ends without a byte.
        for (let client = 0; client < 2; client += 1) expect(await seenOf(upstream)).to.be.oneOf(["", "reset"]);
        expect(upstream.connections).to.equal(2);
        for (const close of [upstream.close(), upstream.close()]) expect(await messageOf(close)).to.equal("the test's own");
      });
    }

    it("answers HTTP, and keeps the bytes of the requests unchanged", async () => {
      const upstream = cleanup.keep(await startUpstream("http", { transport }));
      const proxy = cleanup.keep(await startProxy({ upstream: upstream.address }));
      const client = await proxy.connect();
      await client.write("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
      const answer = String(await client.readAll());
      expect(answer).to.match(/^HTTP\/1.1 200 OK/);
      expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))).to.deep.include({ method: "POST", url: "/a", body: "hi" });
      expect(String(upstream.received)).to.match(/^POST \/a HTTP\/1\.1\r\n[^]*hi$/);
    });
  });
}

describe("An upstream over UDP", () => {
  afterEach(() => cleanup.run());

  const expected = { echo: "hello", garbage: "\u00ff".repeat(64), slow: "hello" } as const;

  for (const [kind, answer] of Object.entries(expected)) {
    it(`of the kind ${kind} answers each datagram`, async () => {
      const upstream = cleanup.keep(await startUpstream(kind as UpstreamKind, { transport: "udp" }));
      const proxy = cleanup.keep(await startProxy({ listen: "udp://127.0.0.1:0", upstream: upstream.address }));
      const client = await proxy.connect();
      await client.send("hello");
      expect((await client.receive()).toString("latin1")).to.equal(answer);
      expect(upstream.datagrams.map(String)).to.deep.equal(["hello"]);
    });
  }

  it("rejects, and leaves nothing open, if its function throws", async () => {
    const opened: DatagramSocket[] = [];
    const starting = startUpstream(
      (socket) => {
        opened.push(socket);
        throw new Error("the test's own");
      },
      { transport: "udp" },
    );
    expect(await messageOf(starting)).to.equal("the test's own");
    expect(() => opened[0]?.address()).to.throw();
  });

  it("calls a function with the socket", async () => {
    const upstream = cleanup.keep(
      await startUpstream(
        (socket) => {
          socket.on("message", (datagram, from) => socket.send(`got ${String(datagram)}`, from.port, from.address));
        },
        { transport: "udp" },
      ),
    );
    const proxy = cleanup.keep(await startProxy({ listen: "udp://127.0.0.1:0", upstream: upstream.address }));
    const client = await proxy.connect();
    await client.send("it");
    expect(String(await client.receive())).to.equal("got it");
  });
});

describe("startUpstream", () => {
  afterEach(() => cleanup.run());

  it("resets a request whose `respond` throws, and rejects with that error when it is closed", async () => {
    const upstream = await startUpstream("http", {
      respond: () => {
        throw new Error("the test's own");
      },
    });
    const proxy = cleanup.keep(await startProxy({ upstream: upstream.address }));
    const client = await proxy.connect();
    await client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await client.ended).to.equal("reset");
    expect(await messageOf(upstream.close())).to.equal("the test's own");
  });

  it("sends the answer that `respond` returns, also by a promise, and leaves one that it writes alone", async () => {
    const upstream = cleanup.keep(
      await startUpstream("http", {
        respond: ({ url }, response) => {
          if (url === "/now") return { status: 201, headers: { "x-how": "now" }, body: "at once" };
          if (url === "/later") return Promise.resolve({ status: 404 });
          return response.end("written");
        },
      }),
    );
    const ask = async (path: string): Promise<readonly unknown[]> => {
      const answer = await fetch(`http://${upstream.endpoint}${path}`, { headers: { connection: "close" } });
      return [answer.status, answer.headers.get("x-how"), await answer.text()];
    };
    expect(await ask("/now")).to.deep.equal([201, "now", "at once"]);
    expect(await ask("/later")).to.deep.equal([404, null, ""]);
    expect(await ask("/")).to.deep.equal([200, null, "written"]);
  });

  it("refuses an unknown kind or transport", async () => {
    expect((await refusalOf(startUpstream("ecko" as never))).message)
      .to.include('"ecko"')
      .and.include("echo, discard");
    expect((await refusalOf(startUpstream("echo", { transport: "sctp" as never }))).message).to.include("tcp, udp, tls, unix");
    expect((await refusalOf(startUpstream("reset", { transport: "udp" }))).message).to.include("needs a stream");
    expect((await refusalOf(startUpstream("slow", { every: "soon" }))).code).to.equal("SLUICE_TEST_INVALID");
  });

  it("keeps the port of a refusing upstream, so that no other process gets it", async () => {
    const refusing = cleanup.keep(await startUpstream("refuse"));
    const error = await startUpstream("echo", { port: refusing.port }).catch((thrown: NodeJS.ErrnoException) => thrown.code);
    expect(error).to.equal("EADDRINUSE");
  });

  it("keeps no more received data than the option keep", async () => {
    const upstream = cleanup.keep(await startUpstream("echo", { keep: 3 }));
    expect(await seenOf(upstream)).to.equal("hello");
    expect(String(upstream.received)).to.equal("hel");
  });
});
