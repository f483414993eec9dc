import { expect } from "chai";
import { definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { startAdmin } from "../support/with-admin.ts";

const double = definePlugin("double", () => ({ fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([chunk, chunk]))) }));

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: { readonly "200": { readonly content: object } };
}

describe("metrics of the admin server", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("are Prometheus' text, count per listener and plugin use, and end with what a reload removes", async () => {
    const listeners = { web: { listen: "tcp://127.0.0.1:0", plugins: [double(), echo()] } };
    const { proxy, api, port } = await startAdmin({ listeners });
    cleanup.add(() => proxy.close());
    const read = async (): Promise<{ lines: string[]; type: string }> => {
      const { body, headers } = await ask(api.port, { path: "/metrics", headers: { authorization: `Bearer ${api.token}` } });
      return { lines: body.split("\n"), type: String(headers["content-type"]) };
    };
    const socket = await connect(port());
    cleanup.add(() => void socket.destroy());
    socket.write("abc");
    await readBytes(socket, 6);
    const { lines, type } = await read();
    expect(type).to.match(/^text\/plain; version=0\.0\.4/);
    for (const line of [
      'sluice_sessions_total{listener="web"} 1',
      'sluice_sessions_active{listener="web"} 1',
      'sluice_bytes_total{listener="web",leg="client",direction="receive"} 3',
      'sluice_bytes_total{listener="web",leg="client",direction="transmit"} 6',
      'sluice_plugin_bytes_total{listener="web",plugin="double",direction="fromClient",side="in"} 3',
      'sluice_plugin_bytes_total{listener="web",plugin="double",direction="fromClient",side="out"} 6',
      'sluice_plugin_chunks_total{listener="web",plugin="double",direction="fromUpstream",side="in"} 0',
      'sluice_plugin_errors_total{listener="web",plugin="double",action="close"} 0',
      "# TYPE sluice_session_duration_seconds histogram",
      "sluice_generation 1",
      "sluice_series_left_out 0",
    ])
      expect(lines, line).to.include(line);
    for (const line of lines.filter((text) => text !== "" && !text.startsWith("#")))
      expect(line).to.match(/^[a-z_:][a-z0-9_:]*(\{.*\})? [-+0-9.einfEINF]+$/);
    await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } }, admin: { listen: "tcp://127.0.0.1:0" } });
    const after = (await read()).lines;
    expect(after.filter((line) => line.includes('plugin="double"'))).to.deep.equal([]);
    expect(after).to.include('sluice_swaps_total{listener="web",result="ok"} 1');
  });

  it("the API describes itself", async () => {
    const { proxy, api } = await startAdmin({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
    cleanup.add(() => proxy.close());
    const { openapi, paths } = await api.get<{ openapi: string; paths: Record<string, Record<string, Described>> }>("openapi.json");
    expect(openapi).to.equal("3.1.0");
    expect(paths["/api/v1/listeners/{listener}/plugins/{plugin}"]?.["patch"]?.operationId).to.equal("toggle_plugin");
    expect(paths["/api/v1/events"]?.["get"]?.responses["200"].content).to.have.all.keys("text/event-stream");
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { summary, responses }] of Object.entries(methods)) {
        expect(summary, `${method} ${path}`).to.match(/\.$/);
        expect(responses).to.include.keys("200");
      }
    const reads = Object.entries(paths).filter(([path, methods]) => "get" in methods && !path.includes("{") && !path.endsWith("/events"));
    expect(reads.length).to.be.above(8);
    // What is described is there.
    for (const [path] of reads)
      expect((await ask(api.port, { path, headers: { authorization: `Bearer ${api.token}` } })).status, path).to.equal(200);
  });
});
