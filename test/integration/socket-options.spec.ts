import { expect } from "chai";
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { connect as connectUnix } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProxy, type SluiceConfig } from "sluice";
import { echo, tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { connect } from "../support/sockets.ts";
import { startProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const ESTABLISHED = "01";
const KEEPALIVE = "02";

/** Of each connection of this machine that is open with that local port: whether the kernel's keepalive timer runs (proc_pid_net(5)). */
function keptAlive(port: number): boolean[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", , state]) => local.endsWith(suffix) && state === ESTABLISHED)
    .map(([, , , , , timer = ""]) => timer.startsWith(KEEPALIVE));
}

describe("the socket options of a listener", function () {
  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  it("set TCP keep-alive on both legs, plain and TLS, also after a reload, and are off by default", async () => {
    const certificate = await createCertificate("localhost");
    const upstream = cleanup.keep(await startUpstream("echo"));
    const config = (keepAlive?: string): SluiceConfig => {
      const socket = keepAlive === undefined ? {} : { socket: { keepAlive } };
      return {
        listeners: {
          plain: { listen: "tcp://127.0.0.1:0", upstream: upstream.endpoint, ...socket },
          secure: { listen: "tls://127.0.0.1:0", upstream: upstream.endpoint, plugins: [tlsTermination(certificate)], ...socket },
        },
      };
    };
    const started = cleanup.keep(await startProxy(config()));
    const open = async (): Promise<void> => {
      const plain = await connect(started.port("plain"));
      const secure = await connectSecurely(started.port("secure"), { ca: certificate.cert, servername: "localhost" });
      for (const client of [plain, secure]) {
        expect(await exchange(client, "hello")).to.equal("hello");
        cleanup.add(() => void client.destroy());
      }
    };
    const seen = (): boolean[][] => ["plain", "secure"].map((listener) => keptAlive(started.port(listener)));
    const towards = (): boolean[] => [...upstream.sockets].flatMap(({ remotePort = 0 }) => keptAlive(remotePort));
    await open();
    expect([seen(), towards()]).to.deep.equal([
      [[false], [false]],
      [false, false],
    ]);
    await started.proxy.apply(config("60s"));
    await open();
    // The kernel shows one timer of a socket: while bytes wait for their acknowledgement it is another.
    await eventually(() => {
      expect(seen().map((each) => each.filter(Boolean).length)).to.deep.equal([1, 1]);
      expect(towards().filter(Boolean)).to.have.length(2);
    });
  });

  function temporaryFolder(): string {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-socket-")));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  it("set the mode and group of a unix listener's file, also by a reload, and restore them if the reload is refused", async () => {
    const file = join(temporaryFolder(), "s.sock");
    const { gid } = statSync(join(file, ".."));
    const config = (socket: object, other?: string): SluiceConfig => ({
      listeners: {
        web: { listen: `unix://${file}`, socket, plugins: [echo()] },
        ...(other === undefined ? {} : { other: { listen: other, plugins: [echo()] } }),
      },
    });
    const access = (): unknown => [(statSync(file).mode & 0o777).toString(8), statSync(file).gid];
    const started = cleanup.keep(await startProxy(config({ mode: "0660", group: gid })));
    expect(access()).to.deep.equal(["660", gid]);
    const client = connectUnix({ path: file });
    await eventOf(client, "connect");
    expect(await exchange(client, "hello")).to.equal("hello");
    await started.proxy.apply(config({ mode: "600" }));
    expect(access()).to.deep.equal(["600", gid]);
    const refused = await started.proxy.apply(config({ mode: "0666" }, "tcp://192.0.2.1:1")).then(() => "applied", String);
    expect(refused).to.include("SLUICE_ADDRESS_UNAVAILABLE");
    expect(access()).to.deep.equal(["600", gid]);
    const unknown = await started.proxy.apply(config({ group: "no-such-group" })).then(() => "applied", String);
    expect(unknown).to.include('listeners.web.socket.group: this machine has no group "no-such-group"');
    expect(await exchange(client, "again")).to.equal("again");
    client.destroy();
    chmodSync(file, 0o600);
  });

  const refused: readonly (readonly [listen: string, socket: object, message: string])[] = [
    ["udp://127.0.0.1:0", { keepAlive: "60s" }, "socket.keepAlive: expected nothing on a udp listener: only TCP has it"],
    ["unix:///nowhere/x.sock", { keepAlive: "60s" }, "socket.keepAlive: expected nothing on a unix listener"],
    ["tcp://127.0.0.1:0", { receiveBuffer: "1MiB" }, "socket.receiveBuffer: expected nothing on a tcp listener: Node has no way"],
    ["tls://127.0.0.1:0", { sendBuffer: "1MiB" }, "socket.sendBuffer: expected nothing on a tls listener: Node has no way"],
    ["tcp://127.0.0.1:0", { mode: "0660" }, "socket.mode: expected nothing on a tcp listener: only a unix socket is a file"],
    ["udp://127.0.0.1:0", { group: "www" }, "socket.group: expected nothing on a udp listener"],
    ["unix:///nowhere/x.sock", { mode: "rw-rw----" }, 'socket.mode: expected permissions in octal, such as "0660"'],
    ["tcp://127.0.0.1:0", { keepAlive: "100ms" }, "socket.keepAlive: expected at least 1s"],
    ["tcp://127.0.0.1:0", { keepAlive: 0 }, "socket.keepAlive: expected at least 1s"],
  ];
  for (const [listen, socket, message] of refused) {
    it(`are refused where they have no meaning: ${JSON.stringify(socket)} on ${listen}`, async () => {
      const refusal = await createProxy({ listeners: { web: { listen, socket, plugins: [echo()] } } }).then(() => "started", String);
      expect(refusal).to.include(message);
    });
  }
});
