import { createHash, randomBytes } from "node:crypto";
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createServer2, type IncomingHttpHeaders, type ServerHttp2Session } from "node:http2";
import type { Server } from "node:net";
import { text } from "node:stream/consumers";
import { ask } from "../support/http-client.ts";
import type { Candidate } from "./candidates.ts";
import type { UnderTest } from "./under-test.ts";

const requests = 200;
const largestBody = 200_000;

interface Answer {
  readonly status: number;
  readonly body: string;
  /** The trailer that the upstream sends; undefined where it was lost. */
  readonly ended: unknown;
}

/** A client that sends one request after the other on one connection. */
interface Client {
  send(path: string, body: Buffer | ""): Promise<Answer>;
  close(): void;
}

/**
 * Random bodies there and back, over connections that are kept, and the target as it was sent. Of HTTP/2 on either side trailers are asked, too:
 * gRPC needs them. The yardstick of HTTP/1.1 does not pass them.
 *
 * @returns what is wrong; undefined when nothing is
 */
export async function checkRequests(proxy: UnderTest, transport: Candidate["transport"]): Promise<string | undefined> {
  const server = await startUpstream(proxy.upstream, transport === "http to http2");
  const client = transport === "http2" ? clientOf2(proxy.listen) : clientOf1(proxy.listen);
  try {
    for (let index = 0; index < requests; index += 1) {
      const path = `/${index}?${randomBytes(8).toString("hex")}`;
      const sent = index % 2 === 0 ? "" : randomBytes(Math.ceil((index / requests) * largestBody));
      const { status, body, ended } = await client.send(path, sent);
      const wanted = createHash("sha256").update(path).update(sent).digest("hex");
      if (status !== 200 || body !== wanted) return `request ${index} was changed on its way (${status})`;
      if (transport !== "http" && ended !== "well") return `the trailer of the answer to request ${index} was lost`;
    }
    return undefined;
  } finally {
    client.close();
    server.close();
  }
}

/** Answers with the hash of a request, in chunks, with a trailer. */
const answer = (
  request: Pick<IncomingMessage, "url" | "on">,
  response: Pick<ServerResponse, "writeHead" | "addTrailers" | "end">,
): void => {
  const hash = createHash("sha256").update(request.url ?? "");
  request.on("data", (chunk: Buffer) => hash.update(chunk));
  request.on("end", () => {
    response.writeHead(200, { trailer: "ended" });
    response.addTrailers({ ended: "well" });
    response.end(hash.digest("hex"));
  });
};

async function startUpstream(port: number, isHttp2: boolean): Promise<{ close(): void }> {
  const sessions = new Set<ServerHttp2Session>();
  const server1 = createServer(answer);
  const server: Server = isHttp2 ? createServer2(answer as unknown as Parameters<typeof createServer2>[1]) : server1;
  server.on("session", (session: ServerHttp2Session) => sessions.add(session));
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  const close = (): void => {
    server.close();
    server1.closeAllConnections();
    for (const session of sessions) session.destroy();
  };
  return { close };
}

function clientOf1(port: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async send(path, sent) {
      const { status, body, trailers } = await ask(port, { path, agent, method: sent === "" ? "GET" : "PUT", body: sent });
      return { status, body, ended: trailers["ended"] };
    },
    close: () => agent.destroy(),
  };
}

function clientOf2(port: number): Client {
  const session = connect(`http://127.0.0.1:${port}`);
  return {
    async send(path, sent) {
      const stream = session.request({ ":path": path, ":method": sent === "" ? "GET" : "PUT" });
      let ended: unknown;
      stream.once("trailers", (trailers: IncomingHttpHeaders) => (ended = trailers["ended"]));
      const answered = new Promise<number>((resolve, reject) => {
        stream.once("response", (headers) => resolve(headers[":status"] ?? 0)).once("error", reject);
      });
      // A GET has ended with its header.
      if (sent !== "") stream.end(sent);
      const [status, body] = await Promise.all([answered, text(stream)]);
      return { status, body, ended };
    },
    close: () => session.destroy(),
  };
}
