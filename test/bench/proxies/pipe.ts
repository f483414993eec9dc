// The yardstick of TCP: what a Node programmer writes first. node pipe.js LISTEN UPSTREAM
import { connect, createServer, type Socket } from "node:net";
import { tie } from "./tie.ts";

const [listen, upstream] = process.argv.slice(2).map(Number);

createServer((client: Socket) => {
  const server = connect({ host: "127.0.0.1", port: upstream ?? 0 });
  tie(client, server);
  client.pipe(server);
  server.pipe(client);
}).listen({ port: listen, host: "127.0.0.1", backlog: 4096 });
