import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { ask, type Ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startUpstream } from "../support/with-upstream.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const body = "x".repeat(100_000);

function isWhole(text: string): boolean {
  return text.endsWith("\r\n0\r\n\r\n") || text.endsWith(`\r\n\r\n${body}`) || (text.startsWith("GET ") && text.endsWith("\r\n\r\n"));
}

/** An upstream that leaves a connection open though close was said on it, and notes what is asked on it all the same. */
async function lasting(cleanup: ReturnType<typeof createCleanup>, answer = ok) {
  const asked: string[] = [];
  const afterClose: string[] = [];
  const upstream = await startUpstream((socket: Socket) => {
    let text = "";
    let isLast = false;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!isWhole(text)) return;
      const line = text.slice(0, text.indexOf("\r\n"));
      if (isLast) afterClose.push(line);
      asked.push(line);
      isLast ||= /\r\nconnection: close\r\n/i.test(text + answer);
      text = "";
      socket.write(answer);
    });
  });
  cleanup.add(() => upstream.close());
  return { endpoint: upstream.endpoint, asked, afterClose };
}

describe("Connections to upstreams, from outside", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const ways: Record<string, Ask> = {
    "a body in chunks": { method: "POST", headers: { "transfer-encoding": "chunked" }, body },
    "a body in chunks, of a method that rarely has one": { method: "DELETE", headers: { "transfer-encoding": "chunked" }, body },
    "a body with a length": { method: "POST", headers: { "content-length": "100000" }, body },
    "no body": {},
  };
  for (const [what, parts] of Object.entries(ways)) {
    for (const [who, answer] of [
      ["nobody", ok],
      ["the upstream", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"],
    ] as const) {
      // RFC 9112 section 9.6.
      it(`are not used again once they were said to close, with ${what}, where ${who} says so besides`, async () => {
        const upstream = await lasting(cleanup, answer);
        const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
        for (let at = 0; at < 3; at += 1) expect((await ask(port(), { ...parts, path: `/${at}` })).status).to.equal(200);
        expect(upstream.asked).to.have.lengthOf(3);
        expect(upstream.afterClose).to.deep.equal([]);
      });
    }
  }
});
