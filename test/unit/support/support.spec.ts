import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { createSecureContext } from "node:tls";
import { bounded, eventOf } from "../../support/bounded.ts";
import { createCertificate } from "../../support/certificates.ts";
import { createCleanup } from "../../support/cleanup.ts";
import { eventually } from "../../support/eventually.ts";
import { connect, freePort, readAll, readBytes, sha256 } from "../../support/sockets.ts";
import { bindUdp, withEchoServer, withUdpEchoServer } from "../../support/with-echo-server.ts";

const reasonOf = async (promise: Promise<unknown>): Promise<string> => promise.then(() => "no error", String);

describe("the tests' own tools", () => {
  it("say what was waited for in vain", async () => {
    expect(await reasonOf(bounded(new Promise(() => undefined), "the end of the world", 5))).to.include(
      "5 ms in vain for the end of the world",
    );
    const never = (): never => {
      throw new Error("not yet");
    };
    expect(await reasonOf(eventually(never, { within: 5, what: "the count" }))).to.include("the count did not hold within 5 ms: not yet");
  });

  it("try again until an assertion holds", async () => {
    let count = 0;
    await eventually(() => expect((count += 1)).to.equal(3));
    expect(count).to.equal(3);
  });

  it("undo everything in reverse order, also when one fails", async () => {
    const undone: number[] = [];
    const cleanup = createCleanup();
    cleanup.add(() => void undone.push(1));
    cleanup.add(() => Promise.reject(new Error("broken")));
    cleanup.add(() => void undone.push(3));
    expect(await reasonOf(cleanup.run())).to.include("cleaning up failed");
    expect(undone).to.deep.equal([3, 1]);
  });

  it("echo over TCP, and pass the half-close on", () =>
    withEchoServer(async ({ port }) => {
      const socket = await connect(port);
      const sent = randomBytes(200_000);
      const received = readAll(socket);
      socket.end(sent);
      expect(sha256(await received)).to.equal(sha256(sent));
    }));

  it("read so many bytes and leave the rest", () =>
    withEchoServer(async ({ port }) => {
      const socket = await connect(port);
      socket.write("onetwo");
      expect((await readBytes(socket, 3)).toString()).to.equal("one");
      expect((await readBytes(socket, 3)).toString()).to.equal("two");
      const missing = reasonOf(readBytes(socket, 3));
      socket.end();
      expect(await missing).to.include("ended");
    }));

  it("know ports where nobody listens", async () => {
    expect(await reasonOf(connect(await freePort()))).to.include("ECONNREFUSED");
  });

  it("echo over UDP", () =>
    withUdpEchoServer(async ({ port, sources }) => {
      const socket = await bindUdp();
      const reply = eventOf(socket, "message");
      socket.send("ping", port, "127.0.0.1");
      expect(String((await reply)[0])).to.equal("ping");
      expect([...sources]).to.deep.equal([socket.address().port]);
      socket.close();
    }));

  it("make certificates that Node accepts, signed by themselves or by an authority", async () => {
    const ca = await createCertificate("Test CA", { authority: true });
    const leaf = await createCertificate("127.0.0.1", { ca });
    expect(() => createSecureContext({ ...leaf, ca: ca.cert })).to.not.throw();
  });
});
