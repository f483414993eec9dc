import { expect } from "chai";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { StartTlsProtocol } from "sluice";
import { startTls, tlsTermination } from "sluice/plugins";
import { bounded } from "../support/bounded.ts";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { requireTool } from "../support/external-tool.ts";
import { startForward, type Forward } from "../support/forward.ts";
import { mailServer } from "../support/mail-server.ts";
import { runTool } from "../support/real-peer.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";

const startup = Buffer.from("0000001300030000757365720061006400610000", "hex").subarray(0, 19);

describe("startTls, with a client that continues without TLS", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  let certificate: TestCertificate;
  before(async () => (certificate = await createCertificate("localhost")));
  afterEach(() => cleanup.run());

  const start = (protocol: StartTlsProtocol, behave: Parameters<typeof startForward>[1]): Promise<Forward> =>
    startForward(cleanup, behave, { plugins: [startTls({ protocol }), tlsTermination(certificate)] });
  const open = async (port: number): Promise<Socket> => cleanup.keep(await connect(port));
  /** Says each line, and reads what comes until the last line of its answer. */
  const talk = async (socket: Socket, said: readonly string[], isLast: RegExp): Promise<string[]> => {
    const answers: string[] = [];
    for (const line of said) {
      if (line !== "") socket.write(`${line}\r\n`);
      let text = "";
      // oxlint-disable-next-line no-await-in-loop -- one command after the other
      while (!isLast.test(text)) text += String(await readBytes(socket, 1));
      answers.push(text);
    }
    return answers;
  };
  const smtpReply = /^\d{3}(?!-).*\r\n$/m;
  const imapReply = /^(?!\* (CAPABILITY|BYE)).*\r\n$/m;

  describe("smtp (RFC 3207 section 4, RFC 5321)", () => {
    it("answers what needs no TLS, refuses all other commands with 530, and begins TLS afterwards", async () => {
      const said: string[] = [];
      const { port } = await start("smtp", mailServer(said, "smtp", "250-AUTH PLAIN LOGIN\r\n250-SIZE 10\r\n"));
      const below = await open(port());
      const refused = [
        "MAIL FROM:<a@b>",
        "RCPT TO:<a@b>",
        "DATA",
        "AUTH PLAIN AGEAYg==",
        "VRFY a",
        "EXPN a",
        "BDAT 4 LAST",
        "nonsense",
        " ",
      ];
      const [, ehlo, helo, noop, rset, ...rest] = await talk(below, ["", "EHLO a", "helo a", "NOOP", "RSET", ...refused], smtpReply);
      expect(ehlo).to.equal("250-mx.test\r\n250-SIZE 10\r\n250-HELP\r\n250 STARTTLS\r\n");
      expect([helo, noop, rset]).to.deep.equal(["250 ok\r\n", "250 ok\r\n", "250 ok\r\n"]);
      expect(rest).to.deep.equal(refused.map(() => "530 5.7.0 Must issue a STARTTLS command first\r\n"));
      expect(await talk(below, ["STARTTLS now", "starttls"], smtpReply)).to.deep.equal([
        "501 5.5.4 STARTTLS has no parameters\r\n",
        "220 2.0.0 Ready to start TLS\r\n",
      ]);
      const socket = connectTls({ socket: below, rejectUnauthorized: false });
      await bounded(once(socket, "secureConnect"), "the handshake");
      expect(await talk(socket, ["EHLO a", "MAIL FROM:<a@b>"], smtpReply)).to.have.lengthOf(2);
      expect(said).to.deep.equal(["EHLO a", "helo a", "NOOP", "RSET", "EHLO a", "MAIL FROM:<a@b>"]);
    });

    it("answers commands that come together, one after the other, and QUIT with the end", async () => {
      const { port, ended } = await start("smtp", mailServer([], "smtp"));
      const socket = await open(port());
      socket.write("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<b@a>\r\nNOOP\r\nQUIT\r\n");
      const must = "530 5.7.0 Must issue a STARTTLS command first\r\n";
      expect(String(await readAll(socket))).to.equal(
        `220-mx.test\r\n220 ready\r\n250-mx.test\r\n250-HELP\r\n250 STARTTLS\r\n${must}${must}250 ok\r\n221 bye\r\n`,
      );
      expect((await ended()).reason).to.equal("SLUICE_CLIENT_TLS");
    });

    it("lets a client that only looked leave: QUIT is no failure", async () => {
      const { port, ended } = await start("smtp", mailServer([], "smtp"));
      const socket = await open(port());
      await talk(socket, ["", "NOOP", "QUIT"], smtpReply);
      expect(String(await readAll(socket))).to.equal("");
      expect((await ended()).reason).to.equal("SLUICE_CLOSED");
    });

    it("tells a client that it has sent too many commands, or a line that is too long", async () => {
      for (const [sent, answer] of [
        ["NOOP\r\n".repeat(25), /(250 ok\r\n){20}421 4\.7\.0 [^\r]+\r\n$/],
        [`MAIL FROM:<${"a".repeat(9_000)}>\r\n`, /ready\r\n500 5\.5\.2 [^\r]+\r\n$/],
      ] as const) {
        const { port, ended } = await start("smtp", mailServer([], "smtp"));
        const socket = await open(port());
        socket.write(sent);
        expect(String(await readAll(socket))).to.match(answer);
        expect((await ended()).reason).to.equal("SLUICE_CLIENT_TLS");
      }
    });

    it("works with curl, which says why it may not send its mail", async function () {
      const curl = requireTool(this, "curl");
      const { port } = await start("smtp", mailServer([], "smtp"));
      const mail = ["-v", "--mail-from", "a@b", "--mail-rcpt", "b@a", "-T", "/dev/null", `smtp://127.0.0.1:${port()}`];
      expect((await runTool(curl, mail)).stderr).to.match(/530 5\.7\.0 Must issue a STARTTLS command first/);
      const secure = await runTool(curl, ["--ssl-reqd", "--insecure", ...mail]);
      expect(secure.stderr).to.match(/STARTTLS[\s\S]*SSL connection[\s\S]*MAIL FROM:<a@b>/);
    });
  });

  describe("imap (RFC 3501 sections 6.1 and 6.2.1, RFC 5530)", () => {
    it("answers what needs no TLS, refuses LOGIN and all other commands, and begins TLS afterwards", async () => {
      const said: string[] = [];
      const { port } = await start("imap", mailServer(said, "imap", " AUTH=PLAIN SASL-IR"));
      const below = await open(port());
      const refused = ["c LOGIN a b", "c AUTHENTICATE PLAIN", "c LOGIN {4}", "c SELECT INBOX", "c ID NIL"];
      const [, capability, noop, ...rest] = await talk(below, ["", "a capability", "b NOOP", ...refused], imapReply);
      expect(capability).to.equal("* CAPABILITY STARTTLS IMAP4rev1 SASL-IR LOGINDISABLED\r\na OK done\r\n");
      expect(noop).to.equal("b OK done\r\n");
      expect(rest).to.deep.equal(refused.map(() => "c NO [PRIVACYREQUIRED] Begin TLS first, with STARTTLS\r\n"));
      expect(await talk(below, ["nonsense", "d STARTTLS now", "d STARTTLS"], imapReply)).to.deep.equal([
        "* BAD A command begins with a tag\r\n",
        "d BAD STARTTLS has no arguments\r\n",
        "d OK Begin TLS negotiation now\r\n",
      ]);
      const socket = connectTls({ socket: below, rejectUnauthorized: false });
      await bounded(once(socket, "secureConnect"), "the handshake");
      expect(await talk(socket, ["e LOGIN a b"], imapReply)).to.deep.equal(["e OK done\r\n"]);
      expect(said).to.deep.equal(["a capability", "b NOOP", "e LOGIN a b"]);
    });

    it("passes LOGOUT on, and ends the session after its answer", async () => {
      const { port, ended } = await start("imap", mailServer([], "imap"));
      const socket = await open(port());
      socket.write("a LOGOUT\r\n");
      expect(String(await readAll(socket))).to.match(/ready\r\n\* BYE\r\na OK done\r\n$/);
      expect((await ended()).reason).to.equal("SLUICE_CLOSED");
    });

    it("says BYE to a client that has sent too many commands", async () => {
      const { port } = await start("imap", mailServer([], "imap"));
      const socket = await open(port());
      socket.write("a LOGIN b c\r\n".repeat(25));
      expect(String(await readAll(socket))).to.match(/(a NO [^\r]+\r\n){20}\* BYE [^\r]+\r\n$/);
    });

    it("works with curl, which may not log in before TLS", async function () {
      const curl = requireTool(this, "curl");
      const { port } = await start("imap", mailServer([], "imap", " AUTH=PLAIN"));
      const login = ["-v", "-u", "a:b", `imap://127.0.0.1:${port()}`, "-X", "NOOP"];
      expect((await runTool(curl, login)).stderr).to.match(/Login denied|LOGINDISABLED/);
      expect((await runTool(curl, ["--ssl-reqd", "--insecure", ...login])).stderr).to.match(/STARTTLS[\s\S]*SSL connection/);
    });
  });

  describe("postgres", () => {
    it("sends the error that a server sends which requires TLS", async () => {
      const { port, ended, upstream } = await start("postgres", "echo");
      const socket = await open(port());
      socket.write(startup);
      const answer = String(await readAll(socket));
      expect(answer).to.match(/^E[\s\S]{4}SFATAL\0VFATAL\0C28000\0M[^\0]*TLS[^\0]*\0\0$/);
      expect((await ended()).reason).to.equal("SLUICE_CLIENT_TLS");
      expect(upstream.connections).to.equal(0);
    });

    it("works with psql, which shows that error", async function () {
      const psql = requireTool(this, "psql");
      const { port } = await start("postgres", "echo");
      const { stderr } = await runTool(psql, [
        `host=127.0.0.1 port=${port()} user=a dbname=a sslmode=disable connect_timeout=10`,
        "-c",
        "select 1",
      ]);
      expect(stderr).to.match(/FATAL: {2}the connection must begin TLS/);
    });
  });
});
