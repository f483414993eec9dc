import { expect } from "chai";
import { spawn } from "node:child_process";
import { createHook } from "node:async_hooks";
import { createProxy } from "sluice";
import { echo } from "sluice/plugins";
import { bounded } from "../support/bounded.ts";
import { root } from "../support/repository.ts";

// Runs in a process of its own: the timers of all proxies in it are seen.

// A program that uses the library, serves a session over TCP and a flow over UDP, closes everything, and has no process.exit().
const program = `
  import { createProxy } from "sluice";
  import { dnsCache, rateLimit, retry } from "sluice/plugins";
  import { createServer, connect } from "node:net";
  import { createSocket } from "node:dgram";
  import { once } from "node:events";
  const upstream = createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const proxy = await createProxy({
    listeners: {
      web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:" + upstream.address().port, plugins: [rateLimit({ bytes: { rate: 1e9 } }), retry()] },
      dns: { listen: "udp://127.0.0.1:0", upstream: "127.0.0.1:9", plugins: [dnsCache()] },
    },
  });
  const client = connect(proxy.listeners.web.address.port, "127.0.0.1");
  client.write("hello");
  await once(client, "data");
  client.on("error", () => {});
  const datagrams = createSocket("udp4");
  datagrams.send("hello", proxy.listeners.dns.address.port, "127.0.0.1");
  while (proxy.sessions.size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:" + upstream.address().port } } });
  await proxy.close();
  client.destroy();
  datagrams.close();
  upstream.close();
  console.log("closed");
`;

describe("close()", () => {
  it("leaves no handle behind: the process ends by itself", async () => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    try {
      const code = await bounded(
        new Promise<number | null>((resolve) => void child.once("exit", resolve)),
        "the end of the process",
        15_000,
      );
      expect({ code, lines: output.split("\n").filter((line) => !line.startsWith("{")) }).to.deep.equal({ code: 0, lines: ["closed", ""] });
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("leaves no timer behind, which would keep the proxy in memory", async () => {
    const timers = new Map<number, string>();
    const watching = createHook({
      init(id, type) {
        const place = new Error(type).stack ?? "";
        if (type === "Timeout" && /\/core\//.test(place)) timers.set(id, place);
      },
      destroy(id) {
        timers.delete(id);
      },
    }).enable();
    const web = { listen: "tcp://127.0.0.1:0", plugins: [echo()] };
    const proxy = await createProxy({ log: { level: "error" }, listeners: { web } });
    expect(timers.size).to.be.above(0);
    await proxy.close();
    // The hooks for what is destroyed run in a later turn.
    for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    watching.disable();
    expect([...timers.values()]).to.deep.equal([]);
  });
});
