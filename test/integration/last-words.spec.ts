import { expect } from "chai";
import { Socket } from "node:net";
import type { PluginUse } from "sluice";
import { request } from "node:http";
import { TLSSocket } from "node:tls";
import { tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { receiveUnread } from "../../core/net/node/tls/receive-unread.ts";
import { unreadBytes } from "../../core/net/node/unread-bytes.ts";
import { bounded } from "../support/bounded.ts";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { connectSecurely } from "../support/exchange.ts";
import { startForward } from "../support/forward.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { shapes } from "../support/shapes.ts";
import { connect } from "../support/sockets.ts";
import { startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** More than the buffers of all sockets on the way take: writing goes on while the answer comes. */
const LARGE = 8 * 1024 * 1024;

/** Reads a little, answers, and closes with bytes unread: the system sends RST behind the answer. */
function refuses(answer: string): (socket: Socket) => void {
  return (socket) => {
    socket.once("data", () => {
      socket.pause();
      socket.end(answer, () => socket.destroy());
    });
  };
}

/** Writes without a pause. @returns all that came back until the close, also if a write of its own fails first */
async function heard(client: Socket): Promise<string> {
  let said = "";
  client.destroy = (error) => {
    if (!client.destroyed && client instanceof TLSSocket) receiveUnread(client);
    else said += Buffer.concat(unreadBytes(client)).toString();
    return Socket.prototype.destroy.call(client, error);
  };
  client.on("data", (chunk) => (said += String(chunk)));
  client.on("error", () => undefined);
  for (let sent = 0; sent < LARGE; sent += 65_536) client.write(Buffer.alloc(65_536, "x"));
  await bounded(new Promise((resolve) => void client.once("close", resolve)), "the end of the connection");
  return said;
}

describe("What a peer says before its reset, while it is written to", () => {
  // What a plugin still holds when the connection is reset is not sent.
  for (const shape of ["no plugin", "six each stages", "plain map and tap"])
    it(`reaches the client, with ${shape}`, async () => {
      const { port, ended } = await startForward(cleanup, refuses("too much\n"), { plugins: shapes[shape]?.() ?? [] });
      expect(await heard(cleanup.keep(await connect(port())))).to.equal("too much\n");
      expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_RESET");
    });

  it("reaches the upstream", async () => {
    let said: Promise<string> = Promise.resolve("");
    const { port, ended } = await startForward(cleanup, (socket) => {
      said = heard(socket);
    });
    refuses("enough\n")(cleanup.keep(await connect(port())));
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
    expect(await said).to.equal("enough\n");
  });

  it("is the response to an upload that the upstream does not want", async () => {
    const refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmuch";
    const upstream = cleanup.keep(await startUpstream(refuses(refusal)));
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const status = await new Promise((resolve) => {
      const upload = request({ port: port(), method: "POST" }, (response) => {
        resolve(response.statusCode);
        upload.destroy();
      });
      upload.on("error", resolve);
      upload.end(Buffer.alloc(LARGE));
    });
    expect(status).to.equal(413);
  });

  describe("over TLS", () => {
    let certificate: TestCertificate;
    before(async () => {
      certificate = await createCertificate("localhost");
    });

    /** The sides that are encrypted. */
    interface Sides {
      readonly client: boolean;
      readonly upstream: boolean;
    }

    /** Opens a connection through a proxy. */
    async function through(behave: (socket: Socket) => void, { client, upstream }: Sides, plugins: readonly PluginUse[] = []) {
      const server = cleanup.keep(
        await startUpstream((socket) => {
          const secured = upstream ? new TLSSocket(socket, { isServer: true, ...certificate }) : socket;
          behave(secured.on("error", () => undefined));
        }),
      );
      const { port, ended } = cleanup.keep(
        await startProxy({
          listeners: {
            web: {
              listen: client ? "tls://127.0.0.1:0" : "tcp://127.0.0.1:0",
              upstream: {
                endpoints: [server.endpoint],
                ...(upstream ? { tls: { ca: certificate.cert, serverName: "localhost" } } : {}),
              },
              plugins: [...(client ? [tlsTermination({ ...certificate })] : []), ...plugins],
            },
          },
        }),
      );
      const trusting = { ca: certificate.cert, servername: "localhost" };
      const socket = cleanup.keep(client ? await connectSecurely(port(), trusting) : await connect(port()));
      return { socket, ended };
    }

    for (const sides of [
      { client: true, upstream: false },
      { client: false, upstream: true },
      { client: true, upstream: true },
    ]) {
      const which = Object.entries(sides).flatMap(([side, is]) => (is ? [side] : []));
      for (const shape of ["no plugin", "six each stages"])
        it(`reaches the client, with TLS of the ${which.join(" and the ")} and ${shape}`, async () => {
          const { socket, ended } = await through(refuses("too much\n"), sides, shapes[shape]?.());
          expect(await heard(socket)).to.equal("too much\n");
          expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_RESET");
        });

      it(`reaches the upstream, with TLS of the ${which.join(" and the ")}`, async () => {
        let said: Promise<string> = Promise.resolve("");
        const { socket, ended } = await through((upstream) => {
          said = heard(upstream);
        }, sides);
        refuses("enough\n")(socket);
        expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
        expect(await said).to.equal("enough\n");
      });
    }
  });
});
