import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { dnsCache } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { requireTool } from "../support/external-tool.ts";
import { dnsClient } from "../support/name-server.ts";
import { failures, mustRun, passThrough, startInFront, startServer, temporaryFolder } from "../support/real-peer.ts";
import { freePort } from "../support/sockets.ts";

const cleanup = createCleanup();
const names = 50;

describe("dnsmasq behind dnsCache and every pass-through plugin [trust]", function () {
  this.timeout(120_000);
  let dnsperf: string;
  let questions: string;
  let port: number;

  before(async function () {
    const dnsmasq = requireTool(this, "dnsmasq");
    dnsperf = requireTool(this, "dnsperf");
    const folder = temporaryFolder(cleanup);
    port = await freePort();
    const records = Array.from({ length: names }, (_, at) => `host-record=n${at}.test,192.0.2.${at + 1},2001:db8::${at + 1}`);
    const settings = [
      "no-resolv",
      "no-hosts",
      "local=/test/",
      "local-ttl=300",
      "bind-interfaces",
      "listen-address=127.0.0.1",
      `port=${port}`,
    ];
    writeFileSync(join(folder, "dnsmasq.conf"), [...settings, "cname=alias.test,n1.test", ...records, ""].join("\n"));
    const user = process.getuid?.() === 0 ? ["--user=root", "--group=root"] : [];
    startServer(cleanup, dnsmasq, ["--keep-in-foreground", `--conf-file=${folder}/dnsmasq.conf`, `--pid-file=${folder}/pid`, ...user]);
    const wanted = Array.from({ length: names }, (_, at) => `n${at}.test A\nn${at}.test AAAA`);
    questions = join(folder, "questions");
    writeFileSync(questions, [...wanted, "alias.test A", "absent.test A", "n1.test MX", ""].join("\n"));
    const client = cleanup.keep(await dnsClient(port));
    await client.untilAnswered("n1.test");
  });
  after(() => cleanup.run());

  const perform = async (at: number): Promise<string[]> => {
    const options = ["-s", "127.0.0.1", "-p", String(at), "-d", questions, "-n", "40", "-c", "4", "-q", "40", "-t", "10"];
    const output = await mustRun(dnsperf, options);
    const [sent] = /Queries sent:\s+(\d+)/.exec(output)?.slice(1) ?? [];
    const [completed] = /Queries completed:\s+(\d+)/.exec(output)?.slice(1) ?? [];
    const [codes] = /Response codes:\s+(.*)/.exec(output)?.slice(1) ?? [];
    expect(output).to.match(/Queries lost:\s+0 /);
    return [sent ?? "", completed ?? "", codes ?? ""];
  };

  it("answers dnsperf without a loss, with the same response codes as without the proxy", async () => {
    const plugins = [...passThrough(), dnsCache()];
    const started = await startInFront(cleanup, { dns: { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${port}`, plugins } });
    const direct = await perform(port);
    const proxied = await perform(started.port());
    expect(proxied).to.deep.equal(direct);
    expect(proxied[0]).to.equal(String(40 * (2 * names + 3)));
    expect(failures(started)).to.deep.equal([]);
  });

  it("gives the same records as without the proxy", async () => {
    const started = await startInFront(cleanup, {
      dns: { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${port}`, plugins: [dnsCache()] },
    });
    const [direct, proxied] = await Promise.all([dnsClient(port), dnsClient(started.port())]);
    cleanup.add(() => void [direct, proxied].map((client) => client.close()));
    const records = async (client: typeof direct, name: string): Promise<unknown[]> =>
      ((await client.ask(7, name)).answers ?? []).map((answer) => [answer.name, answer.type, "data" in answer ? answer.data : undefined]);
    for (const name of ["n7.test", "alias.test", "n7.test", "absent.test"])
      expect(await records(proxied, name)).to.deep.equal(await records(direct, name));
  });
});
