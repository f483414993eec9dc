// An HTTP server with two kinds of pages, and clients that keep their connections, through a proxy that has a route for each.
import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createProxy } from "sluice";
import { http } from "sluice/plugins";

async function startServer(answer: (request: IncomingMessage) => string): Promise<Server> {
  const server = createServer((asked, response) => void response.end(answer(asked))).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const addressOf = (server: Server): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

const shop = await startServer(({ method = "", url = "" }) => `shop: ${method} ${url}`);
const blog = await startServer(({ headers }) => `blog for ${String(headers["x-forwarded-for"])}`);

const proxy = await createProxy({
  log: { level: "silent" },
  listeners: {
    web: {
      listen: "tcp://127.0.0.1:0",
      plugins: [
        http({
          routes: [
            { path: "/shop", rewrite: "/", upstream: addressOf(shop) },
            { path: "/blog", upstream: addressOf(blog) },
          ],
        }),
      ],
    },
  },
});

// One connection for all that one client asks.
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** The status of an answer, and its body. */
async function ask(method: string, path: string): Promise<string> {
  const asked = request({ agent, host: "127.0.0.1", port: proxy.listeners["web"]?.address.port, method, path });
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of answer.setEncoding("utf8")) body += String(chunk);
  return `${answer.statusCode} ${body.trim()}`;
}

console.log(await ask("GET", "/shop/shoes?size=42"));
console.log(await ask("DELETE", "/shop/cart"));
console.log(await ask("GET", "/blog"));
console.log((await ask("GET", "/nowhere")).slice(0, 3));
console.log(`${proxy.sessions.size} connection`);

agent.destroy();
await proxy.close();
shop.close();
blog.close();
