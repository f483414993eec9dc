import { expect } from "chai";
import * as fc from "fast-check";
import { crc32c } from "../../../../plugins/proxy-protocol/crc32c.ts";
import { HeaderFault } from "../../../../plugins/proxy-protocol/header.ts";
import { readHeader } from "../../../../plugins/proxy-protocol/read-header.ts";
import { head, tlv, version1, version2 } from "../../../support/proxy-header.ts";

const payload = Buffer.from("GET / HTTP/1.1\r\n");
const read = (bytes: Buffer | string): ReturnType<typeof readHeader> => readHeader(Buffer.from(bytes));
const sourceOf = (bytes: Buffer | string): string => String(read(bytes)?.header.source);

/** A header with the checksum of itself. */
function withChecksum(): Buffer {
  const bytes = version2({ tlvs: Buffer.concat([tlv(0x03, Buffer.alloc(4)), tlv(0x02, "example.test")]) });
  const at = bytes.indexOf(tlv(0x03, Buffer.alloc(4))) + 3;
  bytes.writeUInt32BE(crc32c(bytes), at);
  return bytes;
}

const valid: Record<string, { bytes: Buffer; source: string }> = {
  "v1 of IPv4": { bytes: Buffer.from(version1()), source: "192.0.2.1:50000" },
  "v1 of IPv6": { bytes: Buffer.from(version1("2001:db8::1")), source: "[2001:db8::1]:50000" },
  "v1 UNKNOWN": { bytes: Buffer.from("PROXY UNKNOWN\r\n"), source: "undefined" },
  "v1 UNKNOWN with whatever behind it": { bytes: Buffer.from("PROXY UNKNOWN ffff:f... 65535 x\r\n"), source: "undefined" },
  "the longest line": { bytes: Buffer.from(`PROXY UNKNOWN ${"x".repeat(91)}\r\n`), source: "undefined" },
  "v2 of IPv4": { bytes: version2(), source: "192.0.2.1:50000" },
  "v2 of IPv6": { bytes: version2({ source: "2001:db8::1" }), source: "[2001:db8::1]:50000" },
  "v2 of a datagram": { bytes: version2({ family: 0x12 }), source: "192.0.2.1:50000" },
  "v2 with extensions": { bytes: version2({ tlvs: Buffer.concat([tlv(0x02, "a.test"), tlv(0x04, "   ")]) }), source: "192.0.2.1:50000" },
  "v2 with a checksum": { bytes: withChecksum(), source: "192.0.2.1:50000" },
  "v2 LOCAL": { bytes: version2({ command: 0x20 }), source: "undefined" },
  "v2 LOCAL of no family": { bytes: head({ command: 0x20, family: 0, body: Buffer.alloc(0) }), source: "undefined" },
  "v2 LOCAL of a family that is none": { bytes: head({ command: 0x20, family: 0xff, body: Buffer.alloc(3) }), source: "undefined" },
  "v2 UNSPEC": { bytes: head({ command: 0x21, family: 0, body: Buffer.alloc(0) }), source: "undefined" },
  "v2 UNSPEC with extensions": { bytes: head({ command: 0x21, family: 0, body: tlv(0x02, "a.test") }), source: "undefined" },
  "v2 UNSPEC with addresses of no known length": { bytes: head({ command: 0x21, family: 0, body: Buffer.alloc(5) }), source: "undefined" },
  "v2 of a unix socket": {
    bytes: head({ command: 0x21, family: 0x31, body: Buffer.concat([Buffer.from("/run/a.sock"), Buffer.alloc(205)]) }),
    source: "/run/a.sock",
  },
};

const wrong: Record<string, Buffer | string> = {
  HTTP: "GET / HTTP/1.1\r\n\r\n",
  "a line in lower case": "proxy TCP4 192.0.2.1 198.51.100.1 50000 443\r\n",
  "a line feed alone": "PROXY TCP4 192.0.2.1 198.51.100.1 50000 443\n",
  "a carriage return alone": "PROXY TCP4 192.0.2.1 198.51.100.1 50000 443\rx",
  "no line end in 107 bytes": `PROXY UNKNOWN ${"x".repeat(93)}`,
  "a protocol that is none": "PROXY UDP4 192.0.2.1 198.51.100.1 50000 443\r\n",
  "no protocol": "PROXY \r\n",
  "no addresses": "PROXY TCP4\r\n",
  "two blanks": "PROXY TCP4  192.0.2.1 198.51.100.1 50000 443\r\n",
  "a blank at the end": "PROXY TCP4 192.0.2.1 198.51.100.1 50000 443 \r\n",
  "a port too many": "PROXY TCP4 192.0.2.1 198.51.100.1 50000 443 1\r\n",
  "a port too large": "PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n",
  "a port with a leading zero": "PROXY TCP4 192.0.2.1 198.51.100.1 050000 443\r\n",
  "a negative port": "PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n",
  "IPv6 where it says IPv4": "PROXY TCP4 2001:db8::1 2001:db8::2 50000 443\r\n",
  "IPv4 where it says IPv6": "PROXY TCP6 192.0.2.1 198.51.100.1 50000 443\r\n",
  "a name": "PROXY TCP4 localhost 198.51.100.1 50000 443\r\n",
  "an octet with a leading zero": "PROXY TCP4 192.0.02.1 198.51.100.1 50000 443\r\n",
  "a zone": "PROXY TCP6 fe80::1%eth0 2001:db8::2 50000 443\r\n",
  "a NUL byte": "PROXY TCP4 192.0.2.1\0 198.51.100.1 50000 443\r\n",
  "version 1 in binary": version2({ command: 0x11 }),
  "version 3": version2({ command: 0x31 }),
  "a command that is none": version2({ command: 0x22 }),
  "a family that is none": version2({ family: 0x41 }),
  "a protocol of transport that is none": version2({ family: 0x13 }),
  "a length too short for IPv4": version2({ length: 11 }),
  "a length too short for IPv6": version2({ source: "2001:db8::1", length: 35 }),
  "a length too short for a path": head({ command: 0x21, family: 0x31, body: Buffer.alloc(215) }),
  "a length beyond every use": version2({ length: 65_535 }),
  "an extension that is cut off": version2({ tlvs: Buffer.of(1, 0) }),
  "an extension longer than the header": version2({ tlvs: Buffer.of(1, 0, 5, 1, 2) }),
  "a wrong checksum": version2({ tlvs: tlv(0x03, Buffer.alloc(4)) }),
  "a short checksum": version2({ tlvs: tlv(0x03, Buffer.alloc(3)) }),
};

describe("a PROXY header", () => {
  for (const [what, { bytes, source }] of Object.entries(valid)) {
    it(`is read, and takes just its own bytes: ${what}`, () => {
      const found = read(Buffer.concat([bytes, payload]));
      expect(String(found?.header.source)).to.equal(source);
      expect(found?.length).to.equal(bytes.length);
    });

    it(`is waited for until its last byte: ${what}`, () => {
      for (let length = 0; length < bytes.length; length += 1) expect(read(bytes.subarray(0, length)), String(length)).to.equal(undefined);
    });
  }

  for (const [what, bytes] of Object.entries(wrong)) {
    it(`is refused: ${what}`, () => {
      expect(() => read(bytes)).to.throw(HeaderFault);
    });
  }

  it("is refused at the first byte that no header has", () => {
    for (const whole of [version1(), version2()].map((each) => Buffer.from(each))) {
      for (let at = 0; at < (whole[0] === 13 ? 12 : 6); at += 1) {
        const changed = Buffer.from(whole.subarray(0, at + 1));
        changed[at] = (changed[at] ?? 0) ^ 0x80;
        expect(() => read(changed), `byte ${at}`).to.throw(HeaderFault);
      }
    }
  });

  it("returns its extensions in order, without padding", () => {
    const tlvs = Buffer.concat([tlv(0x02, "a.test"), tlv(0x04, "   "), tlv(0xea, Buffer.of(1, 2)), tlv(0xea, "")]);
    expect(read(version2({ tlvs }))?.header.tlvs).to.deep.equal([
      { type: 0x02, value: Buffer.from("a.test") },
      { type: 0xea, value: Buffer.of(1, 2) },
      { type: 0xea, value: Buffer.alloc(0) },
    ]);
  });

  it("calls a client by one address, whichever family wraps it", () => {
    expect(sourceOf(version2({ source: "::ffff:c000:201" }))).to.equal("192.0.2.1:50000");
    expect(sourceOf(version1("::ffff:192.0.2.1"))).to.equal("192.0.2.1:50000");
    expect(sourceOf(version1("2001:0DB8:0:0::1"))).to.equal("[2001:db8::1]:50000");
  });

  it("knows the checksum of the standard's own example", () => {
    expect(crc32c(Buffer.from("123456789"))).to.equal(0xe3069283);
  });

  it("never fails otherwise than by a refusal, however it is changed (seed printed by a failure)", () => {
    const known = Object.values(valid).map(({ bytes }) => bytes);
    const changed = fc.record({
      bytes: fc.constantFrom(...known),
      at: fc.nat(300),
      by: fc.integer({ min: 1, max: 255 }),
      cut: fc.nat(300),
    });
    fc.assert(
      fc.property(changed, ({ bytes, at, by, cut }) => {
        const copy = Buffer.from(bytes.subarray(0, cut));
        if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ by;
        try {
          const found = readHeader(copy);
          if (found !== undefined) expect(found.length).to.be.within(1, copy.length);
        } catch (error) {
          expect(error).to.be.instanceOf(HeaderFault);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
