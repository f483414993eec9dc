import { expect } from "chai";
import { request as requestHttp1 } from "node:http";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import { once } from "node:events";
import { tap } from "rxjs";
import { startUpstream, type TestUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { bounded } from "../support/bounded.ts";
import { eventually } from "../support/eventually.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { closeOf, connect } from "../support/sockets.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";
import { plugin } from "../support/with-proxy.ts";

/** RFC 9113 section 8.1, RFC 9112 section 8. */
describe("HTTP: an exchange that breaks off on one side breaks off on the other", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  expectNothingUncaught();

  describe("a request", function () {
    // Node's client sends an empty end and then the reset, in two segments: on a busy machine more than the 5 ms pass between them that the proxy waits.
    this.retries(3);

    interface Seen {
      text: string;
      isClosed: boolean;
    }

    /** What it sends until the proxy has passed on its first part, and how it then breaks off. */
    const clients: Record<string, (port: number) => Promise<() => void>> = {
      "HTTP/1 in chunks, reset": async (port) => {
        const socket = await connect(port);
        socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        return () => socket.resetAndDestroy();
      },
      "HTTP/1 in chunks, FIN": async (port) => {
        const socket = await connect(port);
        socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        return () => socket.end();
      },
      "HTTP/1 with a length, reset": async (port) => {
        const socket = await connect(port);
        socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        return () => socket.resetAndDestroy();
      },
      "HTTP/1 with a length, FIN": async (port) => {
        const socket = await connect(port);
        socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        return () => socket.end();
      },
      ...Object.fromEntries(
        (["NGHTTP2_CANCEL", "NGHTTP2_NO_ERROR", "NGHTTP2_INTERNAL_ERROR"] as const).flatMap((code) =>
          [{}, { "content-length": "10" }].map((more) => [
            `HTTP/2 ${"content-length" in more ? "with" : "without"} a length, ${code}`,
            (port: number) => {
              const stream = openHttp2(cleanup, port).request({ ":path": "/", ":method": "POST", ...more });
              stream.on("error", () => undefined).write("hello");
              return Promise.resolve(() => stream.close(constants[code]));
            },
          ]),
        ),
      ),
      "HTTP/2, the connection's end": (port) => {
        const session = openHttp2(cleanup, port);
        session
          .request({ ":path": "/", ":method": "POST" })
          .on("error", () => undefined)
          .write("hello");
        return Promise.resolve(() => session.destroy());
      },
    };

    const upstreamThat = async (answer: string): Promise<{ upstream: TestUpstream; seen: Seen }> => {
      const seen: Seen = { text: "", isClosed: false };
      const upstream = await startUpstream((socket: Socket) => {
        if (answer !== "") socket.write(answer);
        socket.on("data", (chunk: Buffer) => (seen.text += chunk.toString("latin1")));
        socket.once("end", () => socket.end());
        socket.once("close", () => (seen.isClosed = true));
      });
      cleanup.add(() => upstream.close());
      return { upstream, seen };
    };

    const upstreams = {
      "has not answered": "",
      "has begun to answer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
    };
    for (const [what, begin] of Object.entries(clients)) {
      for (const [state, answer] of Object.entries(upstreams)) {
        it(`${what}: the upstream, which ${state}, does not see the end of a body`, async () => {
          const { upstream, seen } = await upstreamThat(answer);
          const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
          const breakOff = await begin(port());
          await eventually(() => expect(seen.text).to.include("hello"));
          breakOff();
          await eventually(() => expect(seen.isClosed).to.equal(true));
          expect(seen.text).to.match(/hello(\r\n)?$/);
          if (!what.startsWith("HTTP/2 ")) await eventually(() => expect(proxy.sessions.size).to.equal(0));
        });
      }

      it(`${what}: a hook that reads the body does not see its end`, async () => {
        let ended: "no" | "end" | "broken" = "no";
        let read = 0;
        const hook = plugin("reader", {
          exchange: (attempt, { body }) => {
            body?.on("data", (chunk: Buffer) => (read += chunk.length));
            body?.once("end", () => (ended = "end"));
            body?.once("close", () => (ended = ended === "end" ? "end" : "broken"));
            return attempt;
          },
        });
        const { upstream } = await upstreamThat("");
        const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before: [hook] });
        const breakOff = await begin(port());
        await eventually(() => expect(read).to.equal(5));
        breakOff();
        await eventually(() => expect(ended).to.equal("broken"));
      });
    }
  });

  describe("a response", () => {
    const framings: Record<string, string> = {
      "in chunks": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "with a length": "Content-Length: 10\r\n\r\nhello",
      "that ends with the connection": "Connection: close\r\n\r\nhello",
    };
    const clients: Record<string, (port: number) => Promise<string>> = {
      "a GET of HTTP/1": (port) => askOverHttp1(port, "GET"),
      "a short POST of HTTP/1": (port) => askOverHttp1(port, "POST", 1),
      "a long POST of HTTP/1": (port) => askOverHttp1(port, "POST", 500_000),
      "a GET of HTTP/2": async (port) => String((await askOn(openHttp2(cleanup, port), { ":path": "/" })).body),
      "a POST of HTTP/2": async (port) =>
        String((await askOn(openHttp2(cleanup, port), { ":path": "/", ":method": "POST" }, Buffer.alloc(10))).body),
    };
    for (const [what, framing] of Object.entries(framings)) {
      for (const how of ["FIN", "RST"]) {
        for (const [client, ask] of Object.entries(clients)) {
          const isEnd = how === "FIN" && what.startsWith("that");
          it(`${what}, ended by a ${how}: ${client} ${isEnd ? "has it whole" : "breaks off"}`, async () => {
            let socket: Socket | undefined;
            const upstream = await startUpstream((accepted) => {
              socket = accepted;
              accepted.resume().once("data", () => accepted.write(`HTTP/1.1 200 OK\r\n${framing}`));
            });
            cleanup.add(() => upstream.close());
            let sent = "";
            const before = [plugin("watcher", { fromUpstream: tap((chunk: Buffer) => (sent += chunk.toString("latin1"))) })];
            const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before });
            const answered = ask(port()).then(
              (body) => ({ body }),
              () => ({ body: "broken" }),
            );
            await eventually(() => expect(sent).to.include("hello"));
            if (how === "FIN") socket?.end();
            else socket?.resetAndDestroy();
            expect((await bounded(answered, "the end")).body).to.equal(isEnd ? "hello" : "broken");
          });
        }
      }
    }

    async function askOverHttp1(port: number, method: string, bytes = 0): Promise<string> {
      const outgoing = requestHttp1({
        port,
        host: "127.0.0.1",
        method,
        agent: false,
        headers: bytes === 0 ? {} : { "content-length": bytes },
      });
      outgoing.on("error", () => undefined).end(Buffer.alloc(bytes));
      const [response] = (await once(outgoing, "response")) as [NodeJS.ReadableStream];
      let text = "";
      for await (const chunk of response) text += String(chunk);
      return text;
    }
  });

  it("a client whose request breaks off while it is refused still gets an answer", async () => {
    const { port } = await startHttpProxy(cleanup, { routes: [{ host: "none", upstream: "127.0.0.1:9" }] });
    const socket = await connect(port());
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += String(chunk)));
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    await eventually(() => expect(text).to.include("404"));
    socket.end();
    await closeOf(socket);
  });
});
