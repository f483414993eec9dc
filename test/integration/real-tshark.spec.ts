import { expect } from "chai";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { definePlugin, type ListenerConfig } from "sluice";
import { each } from "sluice/flow";
import { capture, echo, tlsTermination } from "sluice/plugins";
import { connectTo, startProxy, startUpstream, type TestProxy } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { requireIpv6 } from "../support/require-ipv6.ts";
import { follow, packetsOf } from "../support/tshark.ts";

const shout = definePlugin("shout", () => ({
  borrows: true,
  fromUpstream: (data) => data.pipe(each((chunk) => Buffer.from(String(chunk).toUpperCase()))),
}));

describe("tshark reads what capture() writes", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  let tshark: string;
  let folder: string;
  let file: string;
  before(function () {
    tshark = requireTool(this, "tshark");
  });
  beforeEach(() => {
    folder = temporaryFolder(cleanup);
    file = join(folder, "test.pcapng");
  });
  afterEach(() => cleanup.run());

  const start = async (listener: Partial<ListenerConfig> & { transport?: "tcp" | "udp" | "unix" }): Promise<TestProxy> => {
    const { transport, ...options } = listener;
    const upstream = cleanup.keep(await startUpstream("echo", { transport: transport ?? "tcp" }));
    return cleanup.keep(await startProxy({ upstream: upstream.address, plugins: [capture({ file })], ...options }));
  };
  const roundTrip = async (proxy: TestProxy, data: Buffer): Promise<void> => {
    const client = cleanup.keep(await proxy.connect());
    void client.write(data);
    await client.read(data.length, { timeout: 20_000 });
    client.end();
    await client.closed;
    await proxy.nextRecord();
    await proxy.close();
  };
  /** Packets that tshark complains about: sums, numbers, shapes. */
  const complaints = (): Promise<string[][]> =>
    packetsOf(
      tshark,
      file,
      ["frame.number", "_ws.col.Info"],
      "ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || tcp.analysis.flags || _ws.malformed",
    );
  const bothLegs = async (protocol: "tcp" | "udp", sent: Buffer): Promise<void> => {
    expect(await complaints()).to.deep.equal([]);
    for (const [stream, { fromClient, fromUpstream }] of (await follow(tshark, file, protocol, [0, 1])).entries()) {
      expect(fromClient.equals(sent), `stream ${stream}, from the client`).to.equal(true);
      expect(fromUpstream.equals(sent), `stream ${stream}, from the upstream`).to.equal(true);
    }
  };

  it("follows both legs of TCP, from SYN to FIN, with one interface per leg", async () => {
    const sent = Buffer.from("hello capture\n");
    await roundTrip(await start({ listen: "tcp://127.0.0.1:0" }), sent);
    await bothLegs("tcp", sent);
    const packets = await packetsOf(tshark, file, ["frame.interface_name", "tcp.flags.syn", "tcp.flags.fin", "tcp.flags.reset"]);
    for (const leg of ["client leg", "upstream leg"]) {
      const own = packets.filter(([name]) => name === leg);
      expect(
        own.filter(([, syn]) => syn === "1"),
        `SYN of the ${leg}`,
      ).to.have.lengthOf(2);
      expect(
        own.filter(([, , fin]) => fin === "1"),
        `FIN of the ${leg}`,
      ).to.have.lengthOf(2);
      expect(
        own.filter(([, , , reset]) => reset === "1"),
        `RST of the ${leg}`,
      ).to.have.lengthOf(0);
    }
    // The same payload has the same epb_packetid at both points: once from the client, once from the upstream.
    const ids = (await packetsOf(tshark, file, ["frame.packet_id"], "tcp.len > 0")).flat();
    expect(ids).to.have.lengthOf(4);
    expect([ids[0], ids[2]]).to.deep.equal([ids[1], ids[3]]);
    expect(ids[0]).to.not.equal(ids[2]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it("sees every byte of chunks that are larger than a packet", async () => {
    const sent = Buffer.from(Array.from({ length: 1_000_000 }, (_, at) => (at * 7) & 0xff));
    await roundTrip(await start({ listen: "tcp://127.0.0.1:0" }), sent);
    await bothLegs("tcp", sent);
  });

  it("follows IPv6", async function () {
    requireIpv6(this);
    const sent = Buffer.from("hello 6\n");
    await roundTrip(await start({ listen: "tcp://[::1]:0" }), sent);
    await bothLegs("tcp", sent);
    expect(await packetsOf(tshark, file, ["ipv6.dst"], "tcp.flags.syn == 1 && tcp.flags.ack == 0 && ipv6")).to.deep.equal([["::1"]]);
  });

  it("follows unix sockets, with invented addresses", async () => {
    const sent = Buffer.from("hello unix\n");
    await roundTrip(await start({ listen: `unix://${join(folder, "a.sock")}`, transport: "unix" }), sent);
    await bothLegs("tcp", sent);
  });

  it("shows as plain text what tlsTermination() decrypts", async () => {
    const sent = Buffer.from("hello TLS\n");
    await roundTrip(
      await start({ listen: "tls://127.0.0.1:0", plugins: [capture({ file }), tlsTermination({ selfSigned: ["localhost"] })] }),
      sent,
    );
    await bothLegs("tcp", sent);
  });

  it("follows UDP, datagram by datagram", async () => {
    const proxy = await start({ listen: "udp://127.0.0.1:0", transport: "udp" });
    const client = cleanup.keep(await connectTo(proxy.url()));
    for (const text of ["one", "", "three"]) {
      await client.send(text);
      expect(String(await client.receive())).to.equal(text);
    }
    await proxy.close();
    await bothLegs("udp", Buffer.from("onethree"));
    expect(await packetsOf(tshark, file, ["udp.length"], 'frame.interface_name == "upstream leg"')).to.deep.equal(
      [11, 11, 8, 8, 13, 13].map((length) => [String(length)]),
    );
  });

  it("sees the bytes on the wire at any position in the list of plugins, and names plugins that may have changed them", async () => {
    for (const [at, plugins] of [
      [capture({ file }), shout()],
      [shout(), capture({ file })],
    ].entries()) {
      await roundTrip(await start({ listen: "tcp://127.0.0.1:0", plugins }), Buffer.from(`hello ${at}`));
      const answers = (await follow(tshark, file, "tcp", [0, 1])).map(({ fromUpstream }) => String(fromUpstream));
      expect(answers).to.have.members([`hello ${at}`, `HELLO ${at}`]);
      const comments = (await packetsOf(tshark, file, ["frame.comment"], "frame.comment")).flat();
      expect(comments.filter((text) => text.includes("changed by shout"))).to.deep.equal(["generation 1: changed by shout"]);
      expect(comments.filter((text) => text.includes("generation 1: client"))).to.have.lengthOf(1);
    }
  });

  it("captures an echo without an upstream, and the RST of a connection that was broken off", async () => {
    const proxy = cleanup.keep(await startProxy({ plugins: [capture({ file }), echo()] }));
    const client = cleanup.keep(await proxy.connect());
    void client.write("hello");
    await client.read(5);
    client.reset();
    await proxy.nextRecord();
    await proxy.close();
    expect(await packetsOf(tshark, file, ["frame.interface_name"], "tcp.flags.reset == 1")).to.have.deep.members([
      ["client leg"],
      ["upstream leg"],
    ]);
  });

  it("captures open connections when it is added, and continues in the same file over reloads", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const listener = { upstream: upstream.address, listen: "tcp://127.0.0.1:0" } as const;
    const proxy = cleanup.keep(await startProxy({ ...listener, plugins: [] }));
    const client = cleanup.keep(await proxy.connect());
    const echoed = async (text: string): Promise<void> => {
      void client.write(text);
      await client.read(text.length);
    };
    await echoed("unseen");
    await proxy.apply({ ...listener, plugins: [capture({ file })] });
    await echoed("first");
    await proxy.apply({ ...listener, plugins: [shout(), capture({ file })] });
    await echoed("second");
    await proxy.apply({ ...listener, plugins: [] });
    await echoed("unseen");
    client.end();
    await client.closed;
    await proxy.close();
    expect(readdirSync(folder)).to.deep.equal(["test.pcapng"]);
    const [followed] = await follow(tshark, file, "tcp", [0]);
    expect(String(followed?.fromClient)).to.equal("firstsecond");
  });

  it("rotates by size and keeps the configured number of files, each of them complete", async () => {
    const proxy = await start({ listen: "tcp://127.0.0.1:0", plugins: [capture({ file, rotate: { size: "4KiB", files: 3 } })] });
    await roundTrip(proxy, Buffer.alloc(500_000, "x"));
    expect(readdirSync(folder).toSorted()).to.deep.equal(["test.1.pcapng", "test.2.pcapng", "test.pcapng"]);
    for (const name of readdirSync(folder)) expect(await packetsOf(tshark, join(folder, name), ["frame.number"])).to.not.deep.equal([]);
  });

  it("ends no session when its file cannot be written: it writes one line to the log", async () => {
    const gone = join(folder, "gone");
    mkdirSync(gone);
    const proxy = await start({ listen: "tcp://127.0.0.1:0", plugins: [capture({ file: join(gone, "a.pcapng") })] });
    rmSync(gone, { recursive: true });
    const client = cleanup.keep(await proxy.connect());
    const lines = (): readonly object[] => proxy.log.filter((record) => JSON.stringify(record).includes("the capture has ended"));
    void client.write("one");
    await client.read(3);
    await eventually(() => expect(lines()).to.have.lengthOf(1));
    void client.write("two");
    expect(String(await client.read(3))).to.equal("two");
    client.end();
    expect(await client.closed).to.equal("fin");
    await proxy.close();
    expect(lines()).to.have.lengthOf(1);
  });

  it("refuses a folder that does not exist or is a file, and reports this", async () => {
    writeFileSync(join(folder, "file"), "");
    for (const [below, code] of [
      ["missing", "ENOENT"],
      ["file", "ENOTDIR"],
    ] as const) {
      const failure = await startProxy({ plugins: [capture({ file: join(folder, below, "a.pcapng") }), echo()] }).then(
        () => "started",
        (error: unknown) => String(error),
      );
      expect(failure).to.include("file of capture()").and.include(below).and.include(code);
    }
  });
});
