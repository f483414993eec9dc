import { createHash, randomBytes } from "node:crypto";
import { Agent, createServer } from "node:http";
import { ask } from "../support/http-client.ts";
import type { UnderTest } from "./under-test.ts";

const requests = 200;
const largestBody = 200_000;

/** Random bodies there and back, over connections that are kept, and the target as it was sent. @returns what is wrong; undefined when nothing is */
export async function checkRequests({ listen, upstream }: UnderTest): Promise<string | undefined> {
  const server = createServer((request, response) => {
    const hash = createHash("sha256").update(request.url ?? "");
    request.on("data", (chunk: Buffer) => hash.update(chunk));
    request.on("end", () => response.end(hash.digest("hex")));
  });
  await new Promise<void>((resolve) => void server.listen(upstream, "127.0.0.1", resolve));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (let index = 0; index < requests; index += 1) {
      const path = `/${index}?${randomBytes(8).toString("hex")}`;
      const body = index % 2 === 0 ? "" : randomBytes(Math.ceil((index / requests) * largestBody));
      const { status, body: answer } = await ask(listen, { path, agent, method: body === "" ? "GET" : "PUT", body });
      const wanted = createHash("sha256").update(path).update(body).digest("hex");
      if (status !== 200 || answer !== wanted) return `request ${index} was changed on its way (${status})`;
    }
    return undefined;
  } finally {
    agent.destroy();
    server.close();
    server.closeAllConnections();
  }
}
