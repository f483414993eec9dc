// Three servers behind one address, of which one dies: its share goes to the others, and no client notices.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { createProxy } from "sluice";
import { retry } from "sluice/plugins";

async function startServer(name: string): Promise<Server> {
  const server = createServer((socket) => void socket.on("error", () => undefined).end(name)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const servers = await Promise.all(["one", "two", "three"].map(startServer));
const proxy = await createProxy({
  log: { level: "silent" },
  listeners: {
    web: {
      listen: "tcp://127.0.0.1:0",
      upstream: servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`),
      plugins: [retry()],
    },
  },
});

async function ask(): Promise<string> {
  const socket = connect(proxy.listeners["web"]?.address.port ?? 0, "127.0.0.1").setEncoding("utf8");
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

/** Who answered how often, over so many clients one after the other. */
async function tally(clients: number): Promise<string> {
  const counts = new Map<string, number>();
  for (let client = 0; client < clients; client += 1) {
    const name = await ask();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

console.log(`all alive: ${await tally(6)}`);
servers[1]?.close();
console.log(`two has died: ${await tally(6)}`);

await proxy.close();
for (const server of servers) server.close();
