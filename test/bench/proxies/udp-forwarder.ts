// The yardstick of UDP: one connected socket per client, and no look-up of an address that is one. node udp-forwarder.js LISTEN UPSTREAM
import { createSocket, type Socket } from "node:dgram";

const [listen, upstream] = process.argv.slice(2).map(Number);
const flows = new Map<number, (datagram: Buffer) => void>();

function open(): Socket {
  const socket = createSocket({
    type: "udp4",
    lookup: (address, _options, done) => {
      done(null, address, 4);
    },
  });
  // The yardstick forwards; a datagram that nobody wants is lost.
  socket.on("error", () => undefined);
  return socket;
}

/** All clients are on one address here, so a port is a client. */
function flowTo(port: number, address: string): (datagram: Buffer) => void {
  const socket = open();
  let early: Buffer[] | undefined = [];
  socket.on("message", (datagram) => {
    front.send(datagram, port, address);
  });
  socket.connect(upstream ?? 0, "127.0.0.1", () => {
    const waiting = early ?? [];
    early = undefined;
    for (const datagram of waiting) socket.send(datagram);
  });
  return (datagram) => {
    if (early === undefined) socket.send(datagram);
    else early.push(datagram);
  };
}

const front = open();
front.on("message", (datagram, { port, address }) => {
  let forward = flows.get(port);
  if (forward === undefined) flows.set(port, (forward = flowTo(port, address)));
  forward(datagram);
});
front.bind(listen, "127.0.0.1");
