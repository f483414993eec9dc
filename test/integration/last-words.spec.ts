import { expect } from "chai";
import { Socket } from "node:net";
import { request } from "node:http";
import { unreadBytes } from "../../core/net/node/unread-bytes.ts";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { shapes } from "../support/shapes.ts";
import { connect } from "../support/sockets.ts";
import { startUpstream } from "../support/with-upstream.ts";

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
  client._destroy = (error, done) => {
    said += Buffer.concat(unreadBytes(client)).toString();
    Socket.prototype._destroy.call(client, error, done);
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
});
