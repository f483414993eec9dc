// At most two clients at a time; the others wait their turn, first come first served, and nobody is turned away.
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { createProxy } from "sluice";

let inside = 0;
let most = 0;
const server = createServer((socket) => {
  socket.on("error", () => undefined);
  inside += 1;
  most = Math.max(most, inside);
  setTimeout(() => {
    inside -= 1;
    socket.end("served");
  }, 20);
}).listen(0, "127.0.0.1");
await once(server, "listening");

const proxy = await createProxy({
  log: { level: "silent" },
  listeners: {
    shop: {
      listen: "tcp://127.0.0.1:0",
      upstream: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      limits: { sessions: 2, queue: { max: 10, timeout: "5s" } },
    },
  },
});

async function visit(): Promise<string> {
  const socket = connect(proxy.listeners["shop"]?.address.port ?? 0, "127.0.0.1").setEncoding("utf8");
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

const answers = await Promise.all(Array.from({ length: 8 }, visit));
console.log(`${answers.filter((answer) => answer === "served").length} of ${answers.length} served, ${most} at a time`);

await proxy.close();
server.close();
