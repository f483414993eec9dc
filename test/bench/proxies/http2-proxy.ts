// The yardstick of HTTP/2: Node's own server in front of the package that http() is built on. node http2-proxy.js LISTEN UPSTREAM
import { createProxyServer } from "http-proxy";
import { Agent, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:http2";

const [listen, upstream] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
const proxy = createProxyServer({ target: `http://127.0.0.1:${upstream}`, agent });

// The package leaves in a response what HTTP/2 must not have (RFC 9113 section 8.2.2), which Node refuses, and leaves out its trailers.
proxy.on("proxyRes", (answer, _request, response) => {
  delete answer.headers["keep-alive"];
  // An answer with a length has no trailers.
  if (answer.headers["transfer-encoding"] === undefined) return;
  answer.once("end", () => {
    for (const [name, value] of Object.entries(answer.trailers)) if (value !== undefined) response.addTrailers({ [name]: value });
  });
});

const server = createServer((request, response) => {
  // The compatibility API has the shape of HTTP/1's.
  proxy.web(request as unknown as IncomingMessage, response as unknown as ServerResponse).catch(() => {
    response.writeHead(502).end();
  });
});
server.on("sessionError", () => undefined);
server.listen({ port: listen, host: "127.0.0.1", backlog: 4096 });
