import { expect } from "chai";
import { createServer, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { SluiceError } from "../../../../../core/contract/index.ts";
import { peekClientHello } from "../../../../../core/net/accept/tls/peek-hello.ts";
import { FirstOfStream } from "../../../../../core/net/legs/first-of-stream.ts";
import { StreamLeg } from "../../../../../core/net/legs/stream-leg.ts";
import { bounded, eventOf } from "../../../../support/bounded.ts";
import { connect, portOf } from "../../../../support/sockets.ts";

describe("the peek at a ClientHello", () => {
  let server: Server;
  const open: Socket[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
  });
  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy();
    server.close();
  });

  async function pair(): Promise<{ readonly client: Socket; readonly accepted: Socket }> {
    const accepting = eventOf(server, "connection");
    const client = await connect(portOf(server));
    const [accepted] = (await accepting) as [Socket];
    accepted.on("error", () => undefined);
    open.push(client, accepted);
    return { client, accepted };
  }

  /** The bytes of a true hello. */
  async function helloBytes(): Promise<Buffer> {
    const { client, accepted } = await pair();
    const names = { servername: "Api.Example.Test", ALPNProtocols: ["h2", "http/1.1"] };
    connectTls({ socket: client, ...names, rejectUnauthorized: false }).on("error", () => undefined);
    accepted.resume();
    return (await eventOf(accepted, "data"))[0] as Buffer;
  }

  it("tells the name and the protocols, and puts every byte back, with those that followed", async () => {
    const bytes = Buffer.concat([await helloBytes(), Buffer.from("early")]);
    const { client, accepted } = await pair();
    const leg = new StreamLeg(accepted, "client", "the client");
    const peek = peekClientHello(new FirstOfStream(leg), "the client", { timeout: 5_000, allowsPlain: false, leg });
    client.write(bytes.subarray(0, 20));
    await eventOf(accepted, "data");
    client.write(bytes.subarray(20));
    expect(await bounded(peek, "the peek")).to.deep.include({
      serverName: "api.example.test",
      alpn: ["h2", "http/1.1"],
      versions: ["TLSv1.3", "TLSv1.2"],
    });
    expect(accepted.isPaused()).to.equal(true);
    expect(accepted.listenerCount("data")).to.equal(0);
    const seen: Buffer[] = [];
    const ended = new Promise<void>((end, failed) => {
      leg.read({ data: (chunk) => seen.push(Buffer.from(chunk)) > 0, done: true, end, failed });
    });
    client.end();
    await bounded(ended, "the end");
    expect(Buffer.concat(seen).equals(bytes)).to.equal(true);
  });

  const peers: Readonly<Record<string, { readonly act: (client: Socket) => unknown; readonly code: string; readonly within?: number }>> = {
    "speaks something else": { act: (client) => client.write("GET / HTTP/1.1\r\n"), code: "SLUICE_CLIENT_TLS" },
    "finishes without a byte": { act: (client) => client.end(), code: "SLUICE_CLIENT_RESET" },
    "finishes in the middle": { act: (client) => client.end(Buffer.from("1603010100", "hex")), code: "SLUICE_CLIENT_TLS" },
    "resets the connection": { act: (client) => client.resetAndDestroy(), code: "SLUICE_CLIENT_RESET" },
    "stops in the middle": { act: (client) => client.write(Buffer.from("160301", "hex")), code: "SLUICE_CLIENT_TIMEOUT", within: 20 },
  };
  for (const [what, { act, code, within = 5_000 }] of Object.entries(peers)) {
    it(`fails with ${code} when the client ${what}`, async () => {
      const { client, accepted } = await pair();
      const leg = new StreamLeg(accepted, "client", "the client");
      const peek = peekClientHello(new FirstOfStream(leg), "the client", { timeout: within, allowsPlain: false, leg });
      act(client);
      const error: unknown = await bounded(peek, "the peek").catch((thrown: unknown) => thrown);
      expect(SluiceError.is(error) && error.code).to.equal(code);
    });
  }
});
