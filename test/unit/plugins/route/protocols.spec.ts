import { expect } from "chai";
import * as fc from "fast-check";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import { protocolNames, protocols, type Protocol } from "../../../../plugins/route/protocols.ts";
import { portOf } from "../../../support/sockets.ts";

/** What clients of each protocol send first. */
const beginnings: Record<Exclude<Protocol, "tls">, readonly (string | Buffer)[]> = {
  http: ["GET / HTTP/1.1\r\nhost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\n", "PROPFIND /x HTTP/1.1\r\n", "CONNECT a:443 HTTP/1.1\r\n"],
  http2: ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0"],
  ssh: ["SSH-2.0-OpenSSH_9.2p1\r\n"],
  socks4: [Buffer.of(4, 1, 0, 80, 127, 0, 0, 1, 0)],
  socks5: [Buffer.of(5, 1, 0), Buffer.of(5, 2, 0, 2)],
  postgres: [
    Buffer.from("0000000804d2162f", "hex"),
    Buffer.from("0000000804d21630", "hex"),
    Buffer.from("0000001004d2162e0000000100000002", "hex"),
    Buffer.from("0000000f0003000075736572007800", "hex"),
    Buffer.from("0000000f0003000275736572007800", "hex"),
  ],
  redis: ["*1\r\n$4\r\nPING\r\n", "*12\r\n$3\r\nSET\r\n"],
  mqtt: [Buffer.from("101000044d5154540402003c000474657374", "hex"), Buffer.from("10ff0100064d51497364700302", "hex")],
  amqp: ["AMQP\0\0\u0009\u0001"],
  rdp: [Buffer.from("0300002b26e00000000000436f6f6b69653a", "hex")],
  xmpp: ["<?xml version='1.0'?><stream:stream", "<stream:stream to='a'"],
};

async function realHello(): Promise<Buffer> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const below = connect(portOf(server), "127.0.0.1");
  connectTls({ socket: below, servername: "a.test" }).on("error", () => undefined);
  const [accepted] = (await once(server, "connection")) as [ReturnType<typeof connect>];
  accepted.on("error", () => undefined);
  const [hello] = (await once(accepted, "data")) as [Buffer];
  accepted.destroy();
  below.destroy();
  server.close();
  return hello;
}

describe("the protocol of first bytes", () => {
  const known: [Protocol, Buffer][] = Object.entries(beginnings).flatMap(([name, all]) =>
    all.map((bytes): [Protocol, Buffer] => [name as Protocol, Buffer.from(bytes as Buffer)]),
  );
  before(async () => void known.push(["tls", await realHello()]));

  it("is recognised for each protocol, and only as that protocol", () => {
    for (const [name, bytes] of known) {
      const told = protocolNames.filter((each) => protocols[each](bytes) === true);
      expect(told, `${name} ${bytes.toString("hex", 0, 20)}`).to.deep.equal([name]);
    }
  });

  it("is neither affirmed nor denied too early, wherever the bytes are cut", () => {
    for (const [name, bytes] of known) {
      let isTold = false;
      for (let length = 0; length <= bytes.length; length += 1) {
        const guess = protocols[name](bytes.subarray(0, length));
        expect(guess, `${name}: ${length} bytes`).to.not.equal(false);
        if (isTold) expect(guess).to.equal(true);
        isTold = guess === true;
      }
      expect(isTold, name).to.equal(true);
    }
  });

  it("never changes a decision as more bytes come, whatever they are (seed printed by a failure)", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .record({ at: fc.nat(known.length - 1), cut: fc.nat(40), tail: fc.uint8Array({ maxLength: 20 }) })
        .map(({ at, cut, tail }) => Buffer.concat([known[at]?.[1].subarray(0, cut) ?? Buffer.alloc(0), tail])),
    );
    fc.assert(
      fc.property(bytes, (given) => {
        const whole = Buffer.from(given);
        for (const name of protocolNames) {
          let decided: boolean | undefined;
          for (let length = 0; length <= whole.length; length += 1) {
            const guess = protocols[name](whole.subarray(0, length));
            if (decided !== undefined) expect(guess, `${name} ${whole.toString("hex")} at ${length}`).to.equal(decided);
            decided = guess;
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
