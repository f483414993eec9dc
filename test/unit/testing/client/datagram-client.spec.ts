import { expect } from "chai";
import { connectTo, startUpstream } from "sluice/testing";
import { createCleanup } from "../../../support/cleanup.ts";
import { refusalOf } from "../../../support/rejection.ts";

const cleanup = createCleanup();

describe("A client over UDP", () => {
  afterEach(() => cleanup.run());

  it("sends and receives datagrams, an empty one among them, each once and in order", async () => {
    const upstream = cleanup.keep(await startUpstream("echo", { transport: "udp" }));
    const client = cleanup.keep(await connectTo(`udp://${upstream.endpoint}`));
    for (const datagram of ["one", "", "three"]) {
      await client.send(datagram);
      expect(String(await client.receive())).to.equal(datagram);
    }
    expect(upstream.datagrams.map(String)).to.deep.equal(["one", "", "three"]);
    expect(upstream.connections).to.equal(1);
  });

  it("gives each datagram to one receive() that waits, and none to a receive() that has timed out", async () => {
    const upstream = cleanup.keep(await startUpstream("echo", { transport: "udp" }));
    const client = cleanup.keep(await connectTo(`udp://${upstream.endpoint}`));
    const error = await refusalOf(client.receive({ timeout: 20 }));
    expect(error.code).to.equal("SLUICE_TEST_TIMEOUT");
    const both = Promise.all([client.receive(), client.receive()]);
    await client.send("1");
    await client.send("2");
    expect((await both).map(String)).to.deep.equal(["1", "2"]);
    expect((await refusalOf(client.receive({ timeout: 20 }))).message).to.include("2 were sent, 2 came");
  });

  it("rejects with the system's error when nothing listens there", async () => {
    const upstream = cleanup.keep(await startUpstream("refuse", { transport: "udp" }));
    const client = cleanup.keep(await connectTo(`udp://${upstream.endpoint}`));
    await client.send("x");
    expect(await client.receive().catch((thrown: NodeJS.ErrnoException) => thrown.code)).to.equal("ECONNREFUSED");
  });

  it("refuses the methods for streams, and is closed by its end", async () => {
    const upstream = cleanup.keep(await startUpstream("echo", { transport: "udp" }));
    const client = await connectTo(`udp://${upstream.endpoint}`);
    const works = [client.write("x"), client.read(1), client.readUntil("x"), client.readAll()];
    const codes = await Promise.all(works.map((work) => refusalOf(work)));
    expect(codes.map(({ code }) => code)).to.deep.equal(Array.from(works, () => "SLUICE_TEST_INVALID"));
    client.end("bye");
    expect(await client.closed).to.equal("fin");
  });
});
