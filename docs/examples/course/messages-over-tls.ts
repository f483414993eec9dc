// A protocol of one's own over TLS: each message is its length and its body. The same codec serves the client, the server, and a plugin between
// them, which decrypts, looks at whole messages and changes some.
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { connect } from "node:tls";
import { createProxy, definePlugin } from "sluice";
import { lengthPrefixed, messages } from "sluice/codec";
import { each } from "sluice/flow";
import { tlsTermination } from "sluice/plugins";
import { fromEvent, map, take, toArray, firstValueFrom, type Observable } from "rxjs";

const codec = lengthPrefixed({ bytes: 2, max: 4096 });
const messagesOf = (socket: Socket): Observable<string> =>
  (fromEvent(socket, "data") as Observable<Buffer>).pipe(codec.decode(), map(String));

// The server adds numbers: "1 2 3" is answered with "6".
const server = createServer((socket) => {
  socket.on("error", () => undefined);
  messagesOf(socket).subscribe((message) => {
    const sum = message.split(" ").reduce((total, word) => total + Number(word), 0);
    socket.write(codec.encode(Buffer.from(String(sum))));
  });
}).listen(0, "127.0.0.1");
await once(server, "listening");

/** Doubles every answer. */
const doubled = definePlugin("doubled", () => ({
  fromUpstream: (data) =>
    data.pipe(
      messages(
        codec,
        each((message) => Buffer.from(String(2 * Number(message.toString())))),
      ),
    ),
}));

const proxy = await createProxy({
  log: { level: "silent" },
  listeners: {
    sums: {
      listen: "tls://127.0.0.1:0",
      upstream: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      plugins: [tlsTermination({ selfSigned: ["localhost"] }), doubled()],
    },
  },
});

// A program of its own would trust `.sluice/ca.pem`; here the certificate is looked at and no more.
const port = proxy.listeners["sums"]?.address.port ?? 0;
const client = connect({ port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false });
await once(client, "secureConnect");
console.log(String(client.getProtocol()));
const answers = firstValueFrom(messagesOf(client).pipe(take(3), toArray()));
const asked = Buffer.concat(["1 2 3", "10 20", "5"].map((text) => codec.encode(Buffer.from(text))));
// Cut anywhere: the codec puts it together.
client.write(asked.subarray(0, 9));
client.write(asked.subarray(9));
console.log((await answers).join(", "));

client.destroy();
await proxy.close();
server.close();
