import { createHash, randomBytes } from "node:crypto";
import { Agent, createServer } from "node:http";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { ask } from "../support/http-client.ts";
import type { UnderTest } from "./under-test.ts";

const requests = 200;
const largestBody = 200_000;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A client that sends one request after the other on one connection. */
interface Client {
  send(path: string, body: Buffer | ""): Promise<Answer>;
  close(): void;
}

/** Random bodies there and back, over connections that are kept, and the target as it was sent. @returns what is wrong; undefined when nothing is */
export async function checkRequests({ listen, upstream }: UnderTest, version: "http" | "http2"): Promise<string | undefined> {
  const server = createServer((request, response) => {
    const hash = createHash("sha256").update(request.url ?? "");
    request.on("data", (chunk: Buffer) => hash.update(chunk));
    request.on("end", () => response.end(hash.digest("hex")));
  });
  await new Promise<void>((resolve) => void server.listen(upstream, "127.0.0.1", resolve));
  const client = version === "http" ? clientOf1(listen) : clientOf2(listen);
  try {
    for (let index = 0; index < requests; index += 1) {
      const path = `/${index}?${randomBytes(8).toString("hex")}`;
      const sent = index % 2 === 0 ? "" : randomBytes(Math.ceil((index / requests) * largestBody));
      const { status, body } = await client.send(path, sent);
      const wanted = createHash("sha256").update(path).update(sent).digest("hex");
      if (status !== 200 || body !== wanted) return `request ${index} was changed on its way (${status})`;
    }
    return undefined;
  } finally {
    client.close();
    server.close();
    server.closeAllConnections();
  }
}

function clientOf1(port: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    send: (path, body) => ask(port, { path, agent, method: body === "" ? "GET" : "PUT", body }),
    close: () => agent.destroy(),
  };
}

function clientOf2(port: number): Client {
  const session = connect(`http://127.0.0.1:${port}`);
  return {
    async send(path, sent) {
      const stream = session.request({ ":path": path, ":method": sent === "" ? "GET" : "PUT" });
      const answered = new Promise<number>((resolve, reject) => {
        stream.once("response", (headers) => resolve(headers[":status"] ?? 0)).once("error", reject);
      });
      // A GET has ended with its header.
      if (sent !== "") stream.end(sent);
      const [status, body] = await Promise.all([answered, text(stream)]);
      return { status, body };
    },
    close: () => session.destroy(),
  };
}
