// Echo servers on TCP and UDP, and twenty clients of each, through a proxy that answers in capitals.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { createProxy } from "sluice";
import { shout } from "../shout.ts";

const tcpServer = createServer((socket) => void socket.pipe(socket)).listen(0, "127.0.0.1");
const udpServer = createSocket("udp4");
udpServer.on("message", (message, from) => udpServer.send(message, from.port, from.address)).bind(0, "127.0.0.1");
await Promise.all([once(tcpServer, "listening"), once(udpServer, "listening")]);

const proxy = await createProxy({
  log: { level: "silent" },
  plugins: [shout()],
  listeners: {
    tcp: { listen: "tcp://127.0.0.1:0", upstream: `127.0.0.1:${(tcpServer.address() as AddressInfo).port}` },
    udp: { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${udpServer.address().port}` },
  },
});
const portOf = (name: string): number => proxy.listeners[name]?.address.port ?? 0;

async function tcpClient(text: string): Promise<string> {
  const socket = connect(portOf("tcp"), "127.0.0.1").setEncoding("utf8");
  socket.end(text);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

async function udpClient(text: string): Promise<string> {
  const socket = createSocket("udp4");
  socket.send(text, portOf("udp"), "127.0.0.1");
  const [answer] = (await once(socket, "message")) as [Buffer];
  socket.close();
  return answer.toString();
}

const names = Array.from({ length: 20 }, (_, at) => `client ${at + 1}`);
const answers = await Promise.all(names.flatMap((name) => [tcpClient(`tcp ${name}`), udpClient(`udp ${name}`)]));
console.log(`${answers.length} answers, such as: ${answers[0]}, ${answers[1]}`);
console.log(answers.every((answer) => /^(TCP|UDP) CLIENT \d+$/.test(answer)) ? "all in capitals" : "something went wrong");

await proxy.close();
tcpServer.close();
udpServer.close();
