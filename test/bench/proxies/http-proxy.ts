// The yardstick of HTTP: the package that http() is built on, alone, with its connections kept. node http-proxy.js LISTEN UPSTREAM
import { createProxyServer } from "http-proxy";
import { Agent, createServer } from "node:http";

const [listen, upstream] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 256 });
const proxy = createProxyServer({ target: `http://127.0.0.1:${upstream}`, agent });

const server = createServer((request, response) => {
  proxy.web(request, response).catch(() => {
    response.writeHead(502).end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen({ port: listen, host: "127.0.0.1", backlog: 4096 });
