import { expect } from "chai";
import { createCipheriv } from "node:crypto";
import { clientKeys, headerMask, versions } from "../../../../../plugins/route/quic/initial-keys.ts";
import { QuicKnowledge } from "../../../../../plugins/route/quic/quic-knowledge.ts";
import { clientHelloOf } from "../../../../support/client-hello-of.ts";
import { cryptoFrame, initialPacket, V1, V2, zeroRttPacket } from "../../../../support/quic-initial.ts";
import { createSession } from "../../support/fakes.ts";

const connectionId = Buffer.from("8394c8f03e515708", "hex");
/** RFC 9001 appendix A.2, and RFC 9369 appendix A.2: the same frame. */
const crypto = Buffer.concat([
  Buffer.from(
    [
      "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578",
      "616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fba",
      "baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c0002400100",
      "3900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff",
    ].join(""),
    "hex",
  ),
  Buffer.alloc(917),
]);
const samples = {
  "RFC 9001, appendix A": {
    version: V1,
    key: "1f369613dd76d5467730efcbe3b1a22d",
    iv: "fa044b2f42a3fd3b46fb255c",
    hp: "9f50449e04a0e810283a1e9933adedd2",
    header: "c300000001088394c8f03e5157080000449e00000002",
    sample: "d1b1c98dd7689fb8ec11d242b123dc9b",
    protectedHeader: "c000000001088394c8f03e5157080000449e7b9aec34",
    end: "e221af44860018ab0856972e194cd934",
  },
  "RFC 9369, appendix A": {
    version: V2,
    key: "8b1a0bc121284290a29e0971b5cd045d",
    iv: "91f73e2351d8fa91660e909f",
    hp: "45b95e15235d6f45a6b19cbcb0294ba9",
    header: "d36b3343cf088394c8f03e5157080000449e00000002",
    sample: "ffe67b6abcdb4298b485dd04de806071",
    protectedHeader: "d76b3343cf088394c8f03e5157080000449ea0c95e82",
    end: undefined,
  },
};
const knowledge = (): QuicKnowledge => new QuicKnowledge(createSession().session);

describe("What the first datagrams of QUIC tell", () => {
  for (const [what, given] of Object.entries(samples)) {
    it(`is what they say: ${what}`, () => {
      const version = versions.get(given.version);
      if (version === undefined) throw new Error("an unknown version");
      const keys = clientKeys(version, connectionId);
      expect([keys.key.toString("hex"), keys.iv.toString("hex"), keys.hp.toString("hex")]).to.deep.equal([given.key, given.iv, given.hp]);
      // The packet of the RFC: its header as it is there, its payload encrypted with the keys that are there.
      const header = Buffer.from(given.header, "hex");
      const nonce = Buffer.from(given.iv, "hex");
      nonce[11] = (nonce[11] ?? 0) ^ 2;
      const cipher = createCipheriv("aes-128-gcm", Buffer.from(given.key, "hex"), nonce).setAAD(header);
      const body = Buffer.concat([cipher.update(crypto), cipher.final(), cipher.getAuthTag()]);
      expect(body.toString("hex", 0, 16)).to.equal(given.sample);
      if (given.end !== undefined) expect(body.subarray(-16).toString("hex")).to.equal(given.end);
      const mask = headerMask(keys, Buffer.from(given.sample, "hex"));
      header[0] = (header[0] ?? 0) ^ ((mask[0] ?? 0) & 0x0f);
      for (let at = 0; at < 4; at += 1) header[18 + at] = (header[18 + at] ?? 0) ^ (mask[1 + at] ?? 0);
      expect(header.toString("hex")).to.equal(given.protectedHeader);
      const known = knowledge().take(Buffer.concat([header, body]));
      expect([known.is("quic"), known.is("tls")]).to.deep.equal([true, false]);
      expect(known.hello).to.deep.equal({ serverName: "example.com", alpn: ["alpn"], versions: ["TLSv1.3"] });
    });
  }

  for (const version of [V1, V2]) {
    it(`comes in frames of any order, over packets and datagrams, with others between (${version.toString(16)})`, async () => {
      const hello = await clientHelloOf({ servername: "a.test", ALPNProtocols: ["h3"] });
      const wanted = { serverName: "a.test", alpn: ["h3"], versions: ["TLSv1.3"] };
      const parts = [0, 1, 2, 3].map((at) => cryptoFrame(at * 50, hello.subarray(at * 50, at === 3 ? undefined : at * 50 + 50)));
      const [one, two, three, four] = parts as [Buffer, Buffer, Buffer, Buffer];
      const noise = Buffer.from([0, 1, 0, 2, 5, 0, 0, 5, 0]);
      const shuffled = knowledge().take(initialPacket(Buffer.concat([four, noise, two, three, three, one]), { version }));
      expect(shuffled.hello).to.deep.equal(wanted);
      const apart = knowledge();
      const packets = [three, one, four, two].map((frame, number) => initialPacket(frame, { version, number }));
      const guesses = packets.map((packet) => apart.take(packet).hello);
      expect([guesses, apart.is("quic")]).to.deep.equal([[undefined, undefined, undefined, wanted], true]);
      const short = (frames: Buffer, number: number): Buffer =>
        initialPacket(frames, { version, number, padTo: 100, token: Buffer.from("token") });
      const coalesced = Buffer.concat([
        short(two, 0),
        zeroRttPacket({ version }),
        short(Buffer.concat([one, three]), 1),
        short(four, 2),
        Buffer.from("rest"),
      ]);
      expect(knowledge().take(coalesced).hello).to.deep.equal(wanted);
    });
  }

  for (const version of [V1, V2]) {
    it(`comes after a packet of 0-RTT that overtook it, and with the fixed bit cleared (${version.toString(16)})`, async () => {
      const hello = await clientHelloOf({ servername: "a.test" });
      const initial = initialPacket(cryptoFrame(0, hello), { version, fixedBit: 0 });
      const known = knowledge().take(zeroRttPacket({ version }));
      expect([known.is("quic"), known.hello]).to.deep.equal([undefined, undefined]);
      expect([known.take(initial).is("quic"), known.hello?.serverName]).to.deep.equal([true, "a.test"]);
    });
  }

  it("costs no more in small frames, in any order, than in one", () => {
    const frames = (offsets: readonly number[]): Buffer =>
      Buffer.concat(offsets.map((offset) => cryptoFrame(offset, Buffer.of(offset & 255))));
    // Each frame leaves a gap to the next. With a cost that grows with the frames before it, a few datagrams take minutes.
    const offsets = Array.from({ length: 5_000 }, (_each, index) => 2 + 3 * index);
    const known = knowledge();
    for (let round = 0; round < 20; round += 1) {
      const order = round % 2 === 0 ? offsets : offsets.toReversed();
      known.take(initialPacket(frames(order), { number: round }));
    }
    expect([known.is("quic"), known.hello]).to.deep.equal([true, undefined]);
  });

  it("is nothing where it is no QUIC, of another version, damaged, or contradicts itself", async () => {
    const hello = await clientHelloOf({ servername: "a.test" });
    const good = initialPacket(cryptoFrame(0, hello));
    const damaged = Buffer.from(good);
    damaged[600] = (damaged[600] ?? 0) ^ 1;
    for (const datagram of [
      Buffer.alloc(0),
      Buffer.from("hello"),
      Buffer.alloc(1200, 0xff),
      damaged,
      good.subarray(0, 700),
      initialPacket(cryptoFrame(0, hello), { version: 0xff_00_00_1d }),
      initialPacket(cryptoFrame(0, hello), { connectionId: Buffer.from("short") }),
    ]) {
      const known = knowledge().take(datagram);
      expect([known.is("quic"), known.hello]).to.deep.equal([false, null]);
    }
    const other = await clientHelloOf({ servername: "b.test" });
    const contradiction = knowledge().take(
      initialPacket(Buffer.concat([cryptoFrame(0, hello.subarray(0, 100)), cryptoFrame(50, other.subarray(60, 200))])),
    );
    expect([contradiction.is("quic"), contradiction.hello]).to.deep.equal([true, null]);
    const endless = knowledge().take(initialPacket(cryptoFrame(1_000_000, hello)));
    expect(endless.hello).to.equal(null);
    const unfinished = knowledge();
    expect(unfinished.take(initialPacket(cryptoFrame(0, hello.subarray(0, 100)))).hello).to.equal(undefined);
  });

  it("finds no ClientHello in a datagram that is cut or damaged, and does not throw", async () => {
    const good = initialPacket(cryptoFrame(0, await clientHelloOf({ servername: "a.test" })));
    for (let at = 0; at < good.length; at += 1) {
      const damaged = Buffer.from(good);
      damaged[at] = (damaged[at] ?? 0) ^ 0x55;
      // A packet that has become one of 0-RTT may still be followed by the ClientHello.
      expect(knowledge().take(damaged).hello ?? null, `byte ${at}`).to.equal(null);
      expect(knowledge().take(good.subarray(0, at)).hello, `cut at ${at}`).to.equal(null);
    }
  });
});
