// A chat over UDP that loses nothing: sequence numbers, acknowledgements, retransmission, and order restored. The proxy in between loses,
// duplicates and reorders datagrams; the same seeds give the same bad network each time.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createProxy } from "sluice";
import { duplicate, loss, reorder } from "sluice/faults";

const AGAIN_MS = 15;

/** Sends lines, each under a number, again and again until it is acknowledged. */
class Sender {
  readonly #waiting = new Map<number, Buffer>();
  #next = 0;
  /** How many datagrams were sent. */
  sent = 0;

  constructor(
    private readonly socket: Socket,
    private readonly port: number,
  ) {
    // An acknowledgement has the number of the line that is expected next: all before it have come.
    socket.on("message", (message) => {
      for (const number of this.#waiting.keys()) if (number < message.readUInt32BE()) this.#waiting.delete(number);
    });
  }

  say(line: string): void {
    const datagram = Buffer.alloc(4 + Buffer.byteLength(line));
    datagram.writeUInt32BE(this.#next);
    datagram.write(line, 4);
    this.#waiting.set(this.#next, datagram);
    this.#next += 1;
    this.#send(datagram);
  }

  /** Resolves when everything was acknowledged. */
  async flushed(): Promise<void> {
    while (this.#waiting.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      for (const datagram of this.#waiting.values()) this.#send(datagram);
    }
  }

  #send(datagram: Buffer): void {
    this.sent += 1;
    this.socket.send(datagram, this.port, "127.0.0.1");
  }
}

/** Takes lines in any order, and hands them on in the right one, each once. */
function receive(socket: Socket, hear: (line: string) => void): void {
  const early = new Map<number, string>();
  let expected = 0;
  socket.on("message", (message, from) => {
    const number = message.readUInt32BE();
    if (number >= expected) early.set(number, message.toString("utf8", 4));
    for (let line = early.get(expected); line !== undefined; line = early.get(expected)) {
      hear(line);
      early.delete(expected);
      expected += 1;
    }
    const acknowledgement = Buffer.alloc(4);
    acknowledgement.writeUInt32BE(expected);
    socket.send(acknowledgement, from.port, from.address);
  });
}

const bob = createSocket("udp4").bind(0, "127.0.0.1");
await once(bob, "listening");
const heard: string[] = [];
receive(bob, (line) => heard.push(line));

const proxy = await createProxy({
  log: { level: "silent" },
  listeners: {
    line: {
      listen: "udp://127.0.0.1:0",
      upstream: `127.0.0.1:${bob.address().port}`,
      plugins: [loss({ rate: 0.3, seed: 1 }), duplicate({ rate: 0.2, seed: 2 }), reorder({ rate: 0.3, by: 2, seed: 3 })],
    },
  },
});

const socket = createSocket("udp4");
const alice = new Sender(socket, proxy.listeners["line"]?.address.port ?? 0);
const lines = Array.from({ length: 50 }, (_, at) => `line ${at + 1}`);
for (const line of lines) alice.say(line);
await alice.flushed();

console.log(`${heard.length} lines heard, ${heard.join() === lines.join() ? "in order" : "out of order"}`);
console.log(alice.sent > lines.length ? "some were sent more than once" : "nothing was sent twice");
await proxy.close();
socket.close();
bob.close();
