import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { failures, mustRun, passThrough, startInFront, startServer, temporaryFolder } from "../support/real-peer.ts";
import { freePort } from "../support/sockets.ts";

const cleanup = createCleanup();
const requests = 20_000;

describe("redis behind every pass-through plugin [trust]", function () {
  this.timeout(120_000);
  let benchmark: string;
  let port: number;

  before(async function () {
    const server = requireTool(this, "redis-server");
    benchmark = requireTool(this, "redis-benchmark");
    port = await freePort();
    const folder = temporaryFolder(cleanup);
    startServer(cleanup, server, ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]);
    await eventually(async () => expect(await exchangeOnce(port, "PING\r\n", 7)).to.equal("+PONG\r\n"), { within: 15_000 });
  });
  after(() => cleanup.run());

  const count = async (at: number): Promise<string> => {
    const digits = String(requests).length;
    return (await exchangeOnce(at, "GET counter:__rand_int__\r\n", digits + 6)).split("\r\n")[1] ?? "";
  };
  const run = (at: number, ...more: readonly string[]): Promise<string> =>
    mustRun(benchmark, ["-h", "127.0.0.1", "-p", String(at), "-n", String(requests), "--csv", ...more]);

  it("serves redis-benchmark without an error, and counts the same commands as without the proxy", async () => {
    const started = await startInFront(cleanup, {
      redis: { listen: "tcp://127.0.0.1:0", upstream: `127.0.0.1:${port}`, plugins: passThrough() },
    });
    await run(port, "-t", "incr");
    expect(await count(port)).to.equal(String(requests));
    const output = await run(started.port(), "-t", "incr,set,get,lpush,mset", "-d", "100");
    expect(output).to.not.match(/error/i);
    expect(output.match(/^"/gm)).to.have.lengthOf.at.least(4);
    expect(await count(started.port())).to.equal(String(2 * requests));
    // The tool leaves without a word when it is done; nothing else may have gone wrong.
    expect(failures(started).filter((text) => !text.includes("SLUICE_CLIENT_RESET"))).to.deep.equal([]);
  });
});
