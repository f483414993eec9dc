import { expect } from "chai";
import { decode, encode, RECURSION_DESIRED } from "dns-packet";
import type { RemoteInfo, Socket } from "node:dgram";
import type { ListenerConfig } from "sluice";
import { dnsCache } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { dnsClient } from "../support/name-server.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp, startUdpEcho } from "../support/with-echo-server.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

/** A query as the name server sees it. */
interface Asked {
  readonly datagram: Buffer;
  readonly id: number;
  readonly port: number;
  /** Sends an answer from the name server's own address and port, as whoever can forge them would. */
  readonly answer: (data: string, change?: (answer: Buffer) => Buffer) => void;
}

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** A name server whose answers the test writes. */
async function startServer(onQuery: (asked: Asked, all: readonly Asked[]) => void): Promise<{ endpoint: string; all: Asked[] }> {
  const socket: Socket = await bindUdp();
  cleanup.add(() => new Promise<void>((resolve) => void socket.close(resolve)));
  const all: Asked[] = [];
  socket.on("message", (datagram: Buffer, from: RemoteInfo) => {
    const asked: Asked = {
      datagram,
      id: datagram.readUInt16BE(0),
      port: from.port,
      answer: (data, change = (whole) => whole) => void socket.send(change(answerTo(datagram, data)), from.port, from.address),
    };
    all.push(asked);
    onQuery(asked, all);
  });
  return { endpoint: `127.0.0.1:${socket.address().port}`, all };
}

/** An answer with the question as it came, and one address. */
function answerTo(asked: Buffer, data: string): Buffer {
  const head = Buffer.from(asked.subarray(0, asked.indexOf(0, 12) + 5));
  head.writeUInt16BE((asked.readUInt16BE(2) & 0x7900) | 0x8080, 2);
  for (const [at, count] of [
    [4, 1],
    [6, 1],
    [8, 0],
    [10, 0],
  ] as const)
    head.writeUInt16BE(count, at);
  return Buffer.concat([head, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]), Buffer.from(data.split(".").map(Number))]);
}

async function start(upstream: string, listener: Partial<ListenerConfig> = {}): Promise<TestProxy> {
  const started = await startProxy({
    listeners: { dns: { listen: "udp://127.0.0.1:0", upstream, plugins: [dnsCache()], ...listener } },
  });
  cleanup.add(() => started.proxy.close());
  return started;
}

const queryFor = (id: number, name: string, type = "A"): Buffer =>
  encode({ type: "query", id, flags: RECURSION_DESIRED, questions: [{ type: type as "A", name }] });
const addressIn = (answer: Buffer): unknown => {
  const [record] = decode(answer).answers ?? [];
  return record !== undefined && "data" in record ? record.data : undefined;
};
const patched = (whole: Buffer, at: number, value: number): Buffer => {
  const copy = Buffer.from(whole);
  copy.writeUInt16BE(value, at);
  return copy;
};

/** Queries that the cache does not answer itself. */
const passedOn: readonly (readonly [string, (id: number) => Buffer])[] = [
  ["ANY", (id) => queryFor(id, "www.test", "ANY")],
  ["AXFR", (id) => queryFor(id, "www.test", "AXFR")],
  ["another class", (id) => patched(queryFor(id, "www.test"), 12 + 10 + 2, 3)],
  ["NOTIFY", (id) => patched(queryFor(id, "www.test"), 2, 0x2000)],
  ["an answer section", (id) => patched(Buffer.concat([queryFor(id, "www.test"), Buffer.alloc(11)]), 6, 1)],
  ["bytes that follow", (id) => Buffer.concat([queryFor(id, "www.test"), Buffer.from("more")])],
  ["EDNS of version 1", (id) => patched(Buffer.concat([queryFor(id, "www.test"), Buffer.from("00002904d0000100000000", "hex")]), 10, 1)],
];

describe("Forged answers", () => {
  it("must guess a new id and a new source port for each query that goes upstream", async () => {
    const server = await startServer((asked) => asked.answer("192.0.2.1"));
    const { port } = await start(server.endpoint);
    const client = cleanup.keep(await dnsClient(port()));
    for (let at = 0; at < 64; at += 1) {
      expect((await client.ask(7, `n${at}.test`)).id).to.equal(7);
    }
    expect(server.all).to.have.length(64);
    // 64 of 28,232 ports: two are the same in one run of 14, nine are not; 64 of 65,536 ids likewise.
    expect(new Set(server.all.map(({ port: from }) => from)).size).to.be.above(56);
    expect(new Set(server.all.map(({ id }) => id)).size).to.be.above(56);
  });

  for (const [what, make] of passedOn) {
    it(`must guess both also if the cache passes a query on: ${what}`, async () => {
      const server = await startServer((asked) => {
        // The hole: the client's own id, on the port that everybody's queries come from.
        asked.answer("198.51.100.6", (answer) => patched(answer, 0, asked.id ^ 1));
        asked.answer("192.0.2.1");
      });
      const { port } = await start(server.endpoint);
      const client = await startUdpClient(cleanup, port());
      for (let turn = 0; turn < 12; turn += 1) {
        const answer = await client.ask(make(7));
        expect([answer.readUInt16BE(0), answer.subarray(-4).join(".")]).to.deep.equal([7, "192.0.2.1"]);
      }
      expect(new Set(server.all.map(({ port: from }) => from)).size).to.be.above(9);
      expect(new Set(server.all.map(({ id }) => id)).size).to.be.above(9);
      expect(server.all.map(({ datagram }) => datagram.subarray(2).toString("hex"))).to.deep.equal(
        Array.from({ length: 12 }, () => make(7).subarray(2).toString("hex")),
      );
    });
  }

  const forgeries: readonly (readonly [string, (answer: Buffer) => Buffer])[] = [
    ["with another id", (answer) => patched(answer, 0, answer.readUInt16BE(0) ^ 0x5555)],
    ["with the id of the client", (answer) => patched(answer, 0, 7)],
    ["to another name", (answer) => Buffer.concat([answer.subarray(0, 13), Buffer.from("x"), answer.subarray(14)])],
    ["to another type", (answer) => patched(answer, 12 + 10, 28)],
    ["of another opcode", (answer) => patched(answer, 2, answer.readUInt16BE(2) | 0x2000)],
    ["without a question", (answer) => patched(Buffer.concat([answer.subarray(0, 12), answer.subarray(26)]), 4, 0)],
    ["that are queries", (answer) => patched(answer, 2, 0x0100)],
  ];
  for (const [what, forge] of forgeries) {
    it(`are neither accepted nor kept: ${what}`, async () => {
      const server = await startServer((asked) => {
        asked.answer("198.51.100.6", forge);
        asked.answer("192.0.2.1");
      });
      const { port } = await start(server.endpoint);
      const client = await startUdpClient(cleanup, port());
      for (const id of [7, 8]) {
        const answer = await client.ask(queryFor(id, "www.test"));
        expect([answer.readUInt16BE(0), addressIn(answer)]).to.deep.equal([id, "192.0.2.1"]);
      }
      expect(client.received).to.have.length(2);
    });
  }

  it("are not accepted from the socket of another query", async () => {
    const server = await startServer((asked, all) => {
      const [first] = all;
      if (first === undefined || first === asked) return;
      // The right answer to the second query, sent to the first one's port.
      asked.answer("192.0.2.2");
      first.answer("198.51.100.6", () => answerTo(asked.datagram, "198.51.100.6"));
      first.answer("192.0.2.1");
    });
    const { port } = await start(server.endpoint);
    const client = await startUdpClient(cleanup, port());
    client.send(queryFor(1, "one.test"));
    await eventually(() => expect(server.all).to.have.length(1));
    client.send(queryFor(2, "two.test"));
    await eventually(() => expect(client.received).to.have.length(2));
    expect(client.received.map(addressIn)).to.have.members(["192.0.2.1", "192.0.2.2"]);
  });

  it("an error without its question is accepted, because servers send it for a query that they cannot read, and each client gets it with its question", async () => {
    const server = await startServer((asked) =>
      asked.answer("0.0.0.0", (answer) => patched(patched(patched(answer.subarray(0, 12), 2, 0x8181), 4, 0), 6, 0)),
    );
    const { port } = await start(server.endpoint);
    const client = await startUdpClient(cleanup, port());
    const query = queryFor(7, "www.test");
    const answer = await client.ask(query);
    expect([answer.readUInt16BE(0), answer.readUInt16BE(2), answer.readUInt16BE(4)]).to.deep.equal([7, 0x8181, 1]);
    expect(answer.subarray(12)).to.deep.equal(query.subarray(12));
    const askers = await Promise.all([1, 2, 3].map(() => startUdpClient(cleanup, port())));
    const answers = await Promise.all(askers.map((each, index) => each.ask(queryFor(index, "other.test"))));
    expect(answers.map((each) => [each.readUInt16BE(0), each.readUInt16BE(2)])).to.deep.equal([0, 1, 2].map((id) => [id, 0x8181]));
  });

  it("a session that was open before dnsCache was added shares nothing: it keeps its socket", async () => {
    const server = await startServer((asked) => asked.answer("192.0.2.1"));
    const { port, proxy } = await start(server.endpoint, { plugins: [] });
    const old = await startUdpClient(cleanup, port());
    await old.ask(queryFor(1, "www.test"));
    await proxy.apply({ listeners: { dns: { listen: "udp://127.0.0.1:0", upstream: server.endpoint, plugins: [dnsCache()] } } });
    expect(addressIn(await old.ask(queryFor(2, "www.test")))).to.equal("192.0.2.1");
    const fresh = await startUdpClient(cleanup, port());
    await fresh.ask(queryFor(3, "www.test"));
    expect(server.all, "what the old session heard was kept").to.have.length(3);
    await old.ask(queryFor(4, "www.test"));
    expect(server.all, "the old session was not answered from the cache").to.have.length(3);
  });

  it("other protocols than DNS are not touched: one source port for the flow, and every byte", async () => {
    const echo = cleanup.keep(await startUdpEcho());
    const { port } = await start(echo.endpoint);
    const client = await startUdpClient(cleanup, port());
    for (const text of ["", "hello", "a longer text that is no DNS at all", "\0".repeat(40)]) {
      expect(String(await client.ask(text))).to.equal(text);
    }
    expect(echo.sources.size).to.equal(1);
  });
});
