import { createServer, type Server } from "node:http";

const key = Symbol.for("sluice.demo-upstream");
const place = globalThis as { [key]?: Promise<string> };

function answer(server: Server): void {
  server.on("request", ({ method, url, httpVersion }, response) => {
    response.setHeader("content-type", "text/plain; charset=utf-8");
    response.end(`Hello from the demo upstream behind Sluice: ${method} ${url} (HTTP/${httpVersion})\n`);
  });
}

function start(): Promise<string> {
  const server = createServer();
  answer(server);
  // A command that only loads the config, like `sluice check`, must be able to end.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? `127.0.0.1:${address.port}` : "");
    });
  });
}

/**
 * Starts a small web server on a free port of 127.0.0.1, so that there is something to forward to. Each reload evaluates this module
 * again, so the server is kept where a new instance finds it: one per process.
 *
 * @returns its endpoint, for `upstream`
 */
export function demoUpstream(): Promise<string> {
  place[key] ??= start();
  return place[key];
}
