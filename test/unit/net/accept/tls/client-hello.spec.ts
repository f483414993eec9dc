import { expect } from "chai";
import * as fc from "fast-check";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { connect, type ConnectionOptions } from "node:tls";
import { ClientHelloParser, type ClientHelloVerdict } from "../../../../../core/net/accept/tls/client-hello.ts";

/** What Node's own TLS client sends first. */
async function capture(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const client = connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, ...options });
  client.on("error", () => undefined);
  const [peer] = (await accepted) as [Socket];
  peer.on("error", () => undefined);
  const [hello] = (await once(peer, "data")) as [Buffer];
  client.destroy();
  peer.destroy();
  server.close();
  return hello;
}

/** Feeds pieces until there is a verdict. */
function parse(pieces: readonly Buffer[]): ClientHelloVerdict {
  const parser = new ClientHelloParser();
  let verdict: ClientHelloVerdict = "more";
  for (const piece of pieces) verdict = parser.push(piece);
  return verdict;
}

function split(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

/** The same message in records of at most `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  return Buffer.concat(split(hello.subarray(5), size).map((part) => Buffer.concat([Buffer.from([22, 3, 1, 0, part.length]), part])));
}

describe("the ClientHello parser", () => {
  const expected = { serverName: "api.example", alpn: ["h2", "http/1.1"], versions: ["TLSv1.3", "TLSv1.2"] };
  let hello: Buffer;
  let bare: Buffer;

  before(async () => {
    hello = await capture({ servername: "API.Example", ALPNProtocols: ["h2", "http/1.1"] });
    bare = await capture({ maxVersion: "TLSv1.2" });
  });

  it("knows the name, in lower case, and the protocols of a hello in one piece", () => {
    expect(parse([hello])).to.deep.equal(expected);
  });

  it("knows a hello without name and protocols", () => {
    expect(parse([bare])).to.deep.equal({ serverName: undefined, alpn: [], versions: ["TLSv1.2"] });
  });

  it("reassembles a hello that comes in segments of one byte", () => {
    const parser = new ClientHelloParser();
    const verdicts = split(hello, 1).map((byte) => parser.push(byte));
    expect(verdicts.slice(0, -1).every((verdict) => verdict === "more")).to.equal(true);
    expect(verdicts.at(-1)).to.deep.equal(expected);
  });

  it("reassembles a hello that spans several records", () => {
    for (const size of [1, 3, 100]) {
      expect(parse([inRecords(hello, size)])).to.deep.equal(expected);
      expect(parse(split(inRecords(hello, size), 7))).to.deep.equal(expected);
    }
  });

  it("reassembles any cut into records and segments", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 400 }), (record, segment) => {
        expect(parse(split(inRecords(hello, record), segment))).to.deep.equal(expected);
      }),
    );
  });

  it("ignores what follows the hello", () => {
    expect(parse([Buffer.concat([hello, Buffer.from("early data")])])).to.deep.equal(expected);
  });

  it("refuses what is not TLS from the first byte that differs", () => {
    expect(parse([Buffer.from("G")])).to.equal("invalid");
    expect(parse([Buffer.from([22]), Buffer.from([2])])).to.equal("invalid");
    expect(parse([Buffer.from([22, 3, 1, 0, 4, 2])])).to.equal("invalid");
    expect(parse([Buffer.alloc(64, 0xff)])).to.equal("invalid");
  });

  it("refuses empty records and names sent twice", () => {
    expect(parse([Buffer.from([22, 3, 1, 0, 0])])).to.equal("invalid");
    const name = Buffer.from([0, 0, 0, 6, 0, 4, 0, 0, 1, 97]);
    expect(parse([withExtensions(name)])).to.deep.include({ serverName: "a", alpn: [] });
    expect(parse([withExtensions(Buffer.concat([name, name]))])).to.equal("invalid");
  });

  it("takes the final dot off a name, and refuses one of a dot alone", () => {
    expect(parse([withExtensions(Buffer.from([0, 0, 0, 7, 0, 5, 0, 0, 2, 97, 0x2e]))])).to.deep.include({ serverName: "a", alpn: [] });
    expect(parse([withExtensions(Buffer.from([0, 0, 0, 6, 0, 4, 0, 0, 1, 0x2e]))])).to.equal("invalid");
  });

  const offered = (versions: readonly number[]): Buffer =>
    Buffer.from([0, 43, 0, 1 + 2 * versions.length, 2 * versions.length, ...versions.flatMap((version) => [version >> 8, version & 0xff])]);

  it("knows the versions, the newest first, and leaves out unknown ones, which clients mix in (RFC 8701)", () => {
    const of = (extension: Buffer): unknown => (parse([withExtensions(extension)]) as { versions?: unknown }).versions;
    expect(of(offered([0x7a7a, 0x0303, 0x0304, 0x0301, 0x0302, 0x0304]))).to.deep.equal(["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"]);
    expect(of(offered([0x7a7a]))).to.deep.equal([]);
  });

  it("takes the version of a hello without a list of them, which is never newer than 1.2", () => {
    const name = Buffer.from([0, 0, 0, 6, 0, 4, 0, 0, 1, 97]);
    for (const [version, known] of [
      [0x0300, ["SSLv3"]],
      [0x0301, ["TLSv1"]],
      [0x0302, ["TLSv1.1"]],
      [0x0303, ["TLSv1.2"]],
      [0x0304, ["TLSv1.2"]],
      [0x7f7f, ["TLSv1.2"]],
      [0x0002, []],
    ] as const) {
      const older = Buffer.from(withExtensions(name));
      older.writeUInt16BE(version, 9);
      expect(parse([older]), version.toString(16)).to.deep.equal({ serverName: "a", alpn: [], versions: known });
    }
  });

  it("refuses a list of versions that does not end where it says", () => {
    for (const wrong of [
      [0, 43, 0, 4, 3, 3, 4, 3],
      [0, 43, 0, 2, 4, 3],
      [0, 43, 0, 0],
    ])
      expect(parse([withExtensions(Buffer.from(wrong))])).to.equal("invalid");
  });

  it("refuses a name with a control character", () => {
    expect(parse([withExtensions(Buffer.from([0, 0, 0, 6, 0, 4, 0, 0, 1, 0]))])).to.equal("invalid");
  });

  it("gives up after 16 KiB, however they are cut", () => {
    const endless = Buffer.concat([Buffer.from([1, 0, 0x3f, 0xfc]), Buffer.alloc(20_000)]);
    expect(parse([Buffer.concat([Buffer.from([22, 3, 1, 0, 4, 1, 0, 0x40, 0])])])).to.equal("invalid");
    const parser = new ClientHelloParser();
    let sent = 0;
    while (sent < 30_000 && parser.push(Buffer.from([22, 3, 1, 0, 1, endless[sent / 6] ?? 0])) === "more") sent += 6;
    expect(sent).to.be.within(16_000, 16_384);
    expect(parser.push(hello)).to.equal("invalid");
  });

  it("never throws on a hello with changed or missing bytes", () => {
    const changes = fc.array(fc.tuple(fc.nat({ max: 600 }), fc.nat({ max: 255 })), { maxLength: 8 });
    fc.assert(
      fc.property(changes, fc.nat({ max: 600 }), fc.integer({ min: 1, max: 64 }), (list, length, segment) => {
        const mutated = Buffer.from(hello.subarray(0, length));
        for (const [at, value] of list) if (at < mutated.length) mutated[at] = value;
        const verdict = parse(split(mutated, segment));
        expect(typeof verdict === "string" ? ["more", "invalid"].includes(verdict) : Array.isArray(verdict.alpn)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it("never throws on noise that begins like a hello", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        parse([withExtensions(Buffer.from(noise))]);
        parse([Buffer.concat([Buffer.from([22, 3, 3]), noise])]);
      }),
    );
  });
});

/** A minimal hello with the given extensions. */
function withExtensions(extensions: Uint8Array): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(extensions.length);
  const body = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), Buffer.from([0, 0, 2, 0x13, 1, 1, 0]), size, extensions]);
  const header = Buffer.from([22, 3, 1, 0, 0, 1, 0, 0, 0]);
  header.writeUInt16BE(body.length + 4, 3);
  header.writeUIntBE(body.length, 6, 3);
  return Buffer.concat([header, body]);
}
