// The yardstick of TLS termination: node:tls to node:net. node tls-pipe.js LISTEN UPSTREAM CERT KEY
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createServer } from "node:tls";
import { tie } from "./tie.ts";

const [listen = "", upstream = "", cert = "", key = ""] = process.argv.slice(2);

const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (client) => {
  const backend = connect({ host: "127.0.0.1", port: Number(upstream) });
  tie(client, backend);
  client.pipe(backend);
  backend.pipe(client);
});
// A client that gave up its handshake.
server.on("tlsClientError", () => undefined);
server.listen({ port: Number(listen), host: "127.0.0.1", backlog: 4096 });
