import { expect } from "chai";
import { connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { SluiceError, type ServerTlsOptions } from "../../../../../core/contract/index.ts";
import { startTls } from "../../../../../core/net/accept/tls/start-tls.ts";
import { TICKET_KEYS_BYTES, useTicketKeys } from "../../../../../core/net/accept/tls/ticket-keys.ts";
import { randomBytes } from "node:crypto";
import { bounded, eventOf } from "../../../../support/bounded.ts";
import { createCertificate } from "../../../../support/certificates.ts";
import { eventually } from "../../../../support/eventually.ts";
import { closeOf, portOf } from "../../../../support/sockets.ts";

describe("the termination of TLS", () => {
  let server: Server;
  let options: ServerTlsOptions;
  const open: Socket[] = [];

  before(async () => {
    const { cert, key } = await createCertificate("localhost");
    options = { cert, key };
  });
  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
  });
  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy();
    server.close();
  });

  /** Begins the handshake with a client that says what the test has it say. */
  async function begin(
    more: ServerTlsOptions = options,
  ): Promise<{ readonly raw: Socket; readonly handshake: ReturnType<typeof startTls> }> {
    const accepting = eventOf(server, "connection");
    const raw = connectTcp(portOf(server), "127.0.0.1");
    const [accepted] = (await accepting) as [Socket];
    for (const socket of [raw, accepted]) socket.on("error", () => undefined);
    open.push(raw, accepted);
    return { raw, handshake: startTls(accepted, "the client", more) };
  }

  async function failureOf(handshake: Promise<unknown>): Promise<SluiceError> {
    const error: unknown = await bounded(handshake, "the handshake").catch((thrown: unknown) => thrown);
    return SluiceError.is(error) ? error : expect.fail(`expected a SluiceError, got ${String(error)}`);
  }

  it("gives the decrypted socket, and what was agreed on", async () => {
    const { raw, handshake } = await begin({ ...options, ALPNProtocols: ["a", "b"] });
    const secure = connectTls({ socket: raw, rejectUnauthorized: false, ALPNProtocols: ["b"] });
    const { socket, tls } = await bounded(handshake, "the handshake");
    expect(tls).to.include({ version: "TLSv1.3", protocol: "b" }).and.not.have.property("clientCertificate");
    socket.on("error", () => undefined);
    socket.resume().write("hello");
    expect(String((await eventOf(secure, "data"))[0])).to.equal("hello");
  });

  it("stays open for the answer to a client that has finished after the handshake", async () => {
    const { raw, handshake } = await begin();
    const secure = connectTls({ socket: raw, rejectUnauthorized: false });
    const { socket } = await bounded(handshake, "the handshake");
    socket.on("error", () => undefined);
    secure.end();
    socket.resume();
    await eventOf(socket, "end");
    expect(socket.writable).to.equal(true);
  });

  it("refuses a client whose bytes behind the end of its handshake are no TLS, though they come in one piece with it", async () => {
    const { raw, handshake } = await begin();
    const held: Buffer[] = [];
    const below = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        if (raw.bytesWritten === 0) raw.write(chunk);
        else held.push(chunk);
        done();
      },
    });
    raw.on("data", (chunk: Buffer) => below.push(chunk));
    const secure = connectTls({ socket: below, rejectUnauthorized: false });
    secure.on("error", () => undefined);
    await eventOf(secure, "secureConnect");
    secure.write("hello");
    await eventually(() => expect(held.length).to.be.at.least(2));
    raw.write(Buffer.concat([...held, Buffer.alloc(100, 0xff)]));
    expect((await failureOf(handshake)).code).to.equal("SLUICE_CLIENT_TLS");
    await closeOf(raw);
  });

  const leaving: Readonly<Record<string, (socket: Socket) => unknown>> = {
    "finishes in the middle of its handshake": (socket) => socket.end(Buffer.from("160301", "hex")),
    "finishes without a byte": (socket) => socket.end(),
    "closes the connection": (socket) => socket.destroy(),
    "resets the connection": (socket) => socket.resetAndDestroy(),
  };
  for (const [what, act] of Object.entries(leaving)) {
    it(`ends at once with a client that ${what}`, async () => {
      const { raw, handshake } = await begin();
      act(raw);
      expect((await failureOf(handshake)).code).to.equal("SLUICE_CLIENT_RESET");
    });
  }

  it("says in words, on one line, why a handshake failed", async () => {
    const { raw, handshake } = await begin();
    raw.write("GET / HTTP/1.1\r\n\r\n");
    expect((await failureOf(handshake)).detail).to.equal("the client: http request (ERR_SSL_HTTP_REQUEST)");
  });

  it("says why a client's certificate is refused", async () => {
    const stranger = await createCertificate("stranger.test");
    const { raw, handshake } = await begin({ ...options, requestCert: true, rejectUnauthorized: true });
    connectTls({ socket: raw, rejectUnauthorized: false, ...stranger }).on("error", () => undefined);
    const { code, detail } = await failureOf(handshake);
    expect(code).to.equal("SLUICE_CLIENT_TLS");
    expect(detail).to.equal("the client: its certificate is refused (DEPTH_ZERO_SELF_SIGNED_CERT)");
  });

  describe("with ticket keys of several processes", () => {
    before(() => useTicketKeys(randomBytes(TICKET_KEYS_BYTES)));

    interface Met {
      readonly resumed: boolean | undefined;
      /** The session that the client can resume next time. */
      readonly session: Buffer | undefined;
    }

    async function meet(more: ServerTlsOptions, session?: Buffer): Promise<Met> {
      const { raw, handshake } = await begin(more);
      const secure = connectTls({ socket: raw, rejectUnauthorized: false, ...(session === undefined ? {} : { session }) });
      secure.on("error", () => undefined);
      let given: Buffer | undefined;
      secure.on("session", (ticket) => (given = ticket));
      const data = eventOf(secure, "data");
      const { socket, tls } = await bounded(handshake, "the handshake");
      socket.resume().write("hello");
      await data;
      return { resumed: tls.resumed, session: given };
    }

    it("resumes a session of another server with the same name and the same trust, also with a renewed certificate", async () => {
      const { session } = await meet({ ...options });
      expect((await meet({ ...options }, session)).resumed).to.equal(true);
      expect((await meet({ ...options, ...(await createCertificate("localhost")) }, session)).resumed).to.equal(true);
    });

    it("resumes no session of a server that has another name, or that asked for no certificate or for those of other CAs", async () => {
      const [ca, otherCa] = await Promise.all([createCertificate("ca.test"), createCertificate("other.test")]);
      const asking = { ...options, requestCert: true, rejectUnauthorized: false, ca: ca.cert };
      const { session } = await meet({ ...options });
      expect((await meet({ ...options, ...(await createCertificate("other.test")) }, session)).resumed).to.equal(false);
      const asked = await meet({ ...asking }, session);
      expect(asked.resumed).to.equal(false);
      expect((await meet({ ...asking }, asked.session)).resumed).to.equal(true);
      expect((await meet({ ...asking, ca: [ca.cert, otherCa.cert] }, asked.session)).resumed).to.equal(false);
      const { handshake } = await resuming({ ...asking, rejectUnauthorized: true }, asked.session);
      expect((await failureOf(handshake)).code).to.equal("SLUICE_CLIENT_TLS");
    });

    async function resuming(more: ServerTlsOptions, session: Buffer | undefined): ReturnType<typeof begin> {
      const begun = await begin(more);
      connectTls({ socket: begun.raw, rejectUnauthorized: false, ...(session === undefined ? {} : { session }) }).on(
        "error",
        () => undefined,
      );
      return begun;
    }
  });

  it("ends a handshake that takes too long", async () => {
    const { handshake } = await begin({ ...options, handshakeTimeout: 20 });
    expect((await failureOf(handshake)).code).to.equal("SLUICE_CLIENT_TIMEOUT");
  });
});
