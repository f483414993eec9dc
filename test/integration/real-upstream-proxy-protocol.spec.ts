import { expect } from "chai";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { startServer, temporaryFolder } from "../support/real-peer.ts";
import { connect, freePort, readBytes } from "../support/sockets.ts";
import { startProxy } from "../support/with-proxy.ts";

const modules = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"].map((folder) => join(folder, "ngx_stream_module.so"));

describe("Real proxies behind an upstream with proxyProtocol", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** What comes back first, and who the client was. */
  async function through(endpoint: string, version: "v1" | "v2"): Promise<{ readonly said: string; readonly client: string }> {
    const { proxy, port } = await startProxy({
      listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints: [endpoint], proxyProtocol: version } } },
    });
    cleanup.add(() => proxy.close());
    const socket = cleanup.keep(await connect(port()));
    socket.write("hello");
    const client = `127.0.0.1 ${socket.localPort}`;
    const said = String(await readBytes(socket, client.length));
    return { said, client };
  }

  for (const version of ["v1", "v2"] as const) {
    it(`HAProxy accepts ${version}, and reports the client to its own server`, async function () {
      const haproxy = requireTool(this, "haproxy");
      // Says the client's address and port of the line of version 1 that HAProxy makes.
      const server = await startUpstream((socket) => {
        socket.once("data", (chunk: Buffer) => {
          const [, , address, , source] = String(chunk).split(/[ \r]/);
          socket.write(`${address} ${source}`);
        });
      });
      cleanup.add(() => server.close());
      const port = await freePort();
      const file = join(temporaryFolder(cleanup), "haproxy.cfg");
      const times = "timeout connect 5s\n timeout client 10s\n timeout server 10s";
      const front = `listen front\n bind 127.0.0.1:${port} accept-proxy\n server behind ${server.endpoint} send-proxy`;
      writeFileSync(file, `defaults\n mode tcp\n ${times}\n${front}\n`);
      startServer(cleanup, haproxy, ["-db", "-f", file]);
      await eventually(async () => (await connect(port)).destroy(), { within: 15_000 });
      const { said, client } = await through(`127.0.0.1:${port}`, version);
      expect(said).to.equal(client);
    });

    it(`nginx accepts ${version}, and knows the client`, async function () {
      const nginx = requireTool(this, "nginx");
      const module = modules.find((each) => existsSync(each)) ?? this.skip();
      const folder = temporaryFolder(cleanup);
      const file = join(folder, "nginx.conf");
      const port = await freePort();
      const settings = `load_module ${module}; daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log; events {}`;
      const says = 'return "$proxy_protocol_addr $proxy_protocol_port";';
      writeFileSync(file, `${settings}\nstream { server { listen 127.0.0.1:${port} proxy_protocol; ${says} } }\n`);
      startServer(cleanup, nginx, ["-p", folder, "-c", file]);
      await eventually(async () => (await connect(port)).destroy(), { within: 15_000 });
      const { said, client } = await through(`127.0.0.1:${port}`, version);
      expect(said).to.equal(client);
    });
  }
});
