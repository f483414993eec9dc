import { expect } from "chai";
import type { Socket } from "node:net";
import type { PluginUse, ProxyEvent, Session, SessionRecord } from "sluice";
import { httpConnect, proxyProtocol, route, socks5, startTls, tlsTermination } from "sluice/plugins";
import { startUpstream, type TestUpstream } from "sluice/testing";
import { createCertificate } from "../support/certificates.ts";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { liveHeap, openDescriptors } from "../support/process-table.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";
import { version2 } from "../support/proxy-header.ts";

const seed = Number(process.env["SLUICE_CHAOS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** A generator of numbers of 32 bits that a seed starts (mulberry32). */
function numbers(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Ends that a client's own bytes, or the target that they name, bring about. */
const expected = /^(closed|SLUICE_CLIENT_\w+|SLUICE_UPSTREAM_\w+|SLUICE_IDLE_TIMEOUT)$/;

interface Front {
  readonly plugins: (certificate: { cert: string; key: string }, port: number) => PluginUse[];
  /** Of a server that speaks first. */
  readonly greeting?: string;
  /** What a good client sends first. */
  readonly good: (port: number) => Buffer;
  /** A good client's conversation, after the first bytes. */
  readonly answer: (socket: Socket) => Promise<void>;
}

const answered = (length: number, wanted: RegExp) => async (socket: Socket) =>
  void expect(String(await readBytes(socket, length))).to.match(wanted);
const echoed = async (socket: Socket): Promise<void> => void expect(String(await readBytes(socket, 4))).to.equal("ping");

const fronts: Readonly<Record<string, Front>> = {
  socks5: {
    plugins: (_certificate, port) => [socks5({ allow: [`127.0.0.1:${port}`] })],
    good: (port) => Buffer.concat([Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]), Buffer.from("ping")]),
    answer: async (socket) => {
      await readBytes(socket, 12);
      await echoed(socket);
    },
  },
  "socks5 with a login": {
    plugins: (_certificate, port) => [socks5({ allow: [`127.0.0.1:${port}`], users: { ann: "pw" } })],
    good: (port) =>
      Buffer.concat([
        Buffer.from("\x05\x01\x02\x01\x03ann\x02pw", "latin1"),
        Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]),
        Buffer.from("ping"),
      ]),
    answer: async (socket) => {
      await readBytes(socket, 14);
      await echoed(socket);
    },
  },
  httpConnect: {
    plugins: (_certificate, port) => [httpConnect({ allow: [`127.0.0.1:${port}`] })],
    good: (port) => Buffer.from(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: a\r\n\r\nping`),
    answer: answered(43, /^HTTP\/1\.1 200 [^]*ping$/),
  },
  "startTls for postgres": {
    plugins: (certificate) => [startTls({ protocol: "postgres" }), tlsTermination(certificate)],
    good: () => Buffer.from("0000000804d2162f", "hex"),
    answer: answered(1, /^S$/),
  },
  "startTls for smtp": {
    greeting: "220 ready\r\n",
    plugins: (certificate) => [startTls({ protocol: "smtp" }), tlsTermination(certificate)],
    good: () => Buffer.from("EHLO a\r\nSTARTTLS\r\n"),
    answer: answered(12, /^220 ready\r\n/),
  },
  "startTls for imap": {
    greeting: "* OK [CAPABILITY IMAP4rev1] ready\r\n",
    plugins: (certificate) => [startTls({ protocol: "imap" }), tlsTermination(certificate)],
    good: () => Buffer.from("a STARTTLS\r\n"),
    answer: answered(4, /^\* OK$/),
  },
  "proxyProtocol, version 1": {
    plugins: () => [proxyProtocol({ from: ["127.0.0.1"] })],
    good: () => Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\nping"),
    answer: echoed,
  },
  "proxyProtocol, version 2": {
    plugins: () => [proxyProtocol({ from: ["127.0.0.1"] })],
    good: () => Buffer.concat([version2(), Buffer.from("ping")]),
    answer: echoed,
  },
  route: {
    plugins: () => [
      route({
        routes: [
          { serverName: "a.test", upstream: "127.0.0.1:9" },
          { protocol: "ssh", upstream: "127.0.0.1:9" },
        ],
        timeout: "50ms",
      }),
    ],
    good: () => Buffer.from("ping"),
    answer: echoed,
  },
};

/** Garbage at each byte, cuts at every place, and ends that come early: a client's own session ends, and nobody else's. */
describe(`Protocols in front, fuzzed [seed ${seed}; SLUICE_CHAOS_SEED=${seed} repeats it]`, function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  interface Place extends TestProxy {
    readonly upstream: TestUpstream;
  }

  async function start(front: Front): Promise<Place> {
    const upstream = await startUpstream((socket) => {
      socket.on("error", () => undefined);
      if (front.greeting !== undefined) socket.write(front.greeting);
      socket.pipe(socket);
    });
    cleanup.add(() => upstream.close());
    const started = await startProxy({
      timeouts: { connect: "1s" },
      listeners: {
        web: {
          listen: "tcp://127.0.0.1:0",
          upstream: upstream.endpoint,
          plugins: front.plugins(await createCertificate("localhost"), upstream.port),
        },
      },
    });
    cleanup.add(() => started.proxy.close());
    return { ...started, upstream };
  }

  /** Sends, ends as told, and waits until the connection is no more. */
  async function play(port: number, bytes: Buffer, end: "fin" | "reset"): Promise<void> {
    const socket = await connect(port);
    socket.on("error", () => undefined).resume();
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.once("end", () => socket.end());
    if (end === "fin") socket.end(bytes);
    else socket.write(bytes, () => socket.resetAndDestroy());
    await bounded(closed, "the end of a fuzzed connection", 8_000);
  }

  /** Each byte changed, each cut, and noise, with both ends; a bounded choice of them where there are many. */
  function* cases(good: Buffer, next: () => number): Generator<[Buffer, "fin" | "reset"]> {
    const end = (): "fin" | "reset" => (next() % 3 === 0 ? "reset" : "fin");
    for (let at = 0; at < good.length; at += 1) {
      const changed = Buffer.from(good);
      changed[at] = (changed[at] ?? 0) ^ (1 + (next() % 255));
      yield [changed, end()];
      yield [good.subarray(0, at), end()];
    }
    for (let round = 0; round < 20; round += 1) yield [Buffer.from(Array.from({ length: 1 + (next() % 300) }, () => next() & 255)), end()];
  }

  for (const [name, front] of Object.entries(fronts)) {
    it(`${name}: each session ends by itself, a client that continues is served, and nothing is left`, async () => {
      const place = await start(front);
      const { upstream, proxy } = place;
      const port = place.port();
      const good = front.good(upstream.port);
      const steady = await connect(port);
      steady.on("error", () => undefined);
      steady.write(good);
      await front.answer(steady);
      const before = openDescriptors();
      const seen: WeakRef<Session>[] = [];
      place.proxy.events.subscribe((event) => {
        if (event.type === "session-started") seen.push(new WeakRef(event.session));
      });
      const next = numbers(seed);
      const all = [...cases(good, next)];
      for (let at = 0; at < all.length; at += 16) await Promise.all(all.slice(at, at + 16).map(([bytes, end]) => play(port, bytes, end)));
      await eventually(() => expect(proxy.sessions.size).to.equal(1), { within: 10_000 });
      const records: SessionRecord[] = place.all("session-ended").map(({ record }) => record);
      const odd = records.filter(({ reason }) => !expected.test(reason)).map(({ reason }) => reason);
      expect(odd).to.deep.equal([]);
      expect(place.all("plugin-fault")).to.deep.equal([]);
      await eventually(() => expect(openDescriptors()).to.be.at.most(before), { within: 10_000 });
      expect(seen.length).to.be.at.least(all.length);
      // What the test itself remembers.
      (place.events as ProxyEvent[]).length = 0;
      await eventually(
        async () => {
          await liveHeap();
          // A few may be held by what ran last; one that stays for each client would be hundreds.
          expect(seen.filter((session) => session.deref() !== undefined).length).to.be.at.most(8);
        },
        { within: 10_000 },
      );
      const other = await connect(port);
      other.on("error", () => undefined);
      other.write(good);
      await front.answer(other);
      other.destroy();
      expect(steady.destroyed).to.equal(false);
      steady.destroy();
      await eventually(() => expect([proxy.sessions.size, upstream.sockets.size]).to.deep.equal([0, 0]), { within: 10_000 });
    });
  }
});
