import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { record, replay, startTls, tlsTermination } from "sluice/plugins";
import { startProxy } from "sluice/testing";
import { bounded } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { failures, mustRun, passThrough, runTool, startInFront, startServer, temporaryFolder } from "../support/real-peer.ts";
import { freePort } from "../support/sockets.ts";

const cleanup = createCleanup();

/** PostgreSQL refuses to run as root. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (userInfo().uid !== 0) return {};
  const id = (option: string): number => Number(spawnSync("id", [option, "nobody"], { encoding: "utf8" }).stdout);
  return { uid: id("-u"), gid: id("-g") };
}

describe("PostgreSQL behind every pass-through plugin [trust]", function () {
  this.timeout(180_000);
  let pgbench: string;
  let psql: string;
  let port: number;

  const to = (at: number): string[] => ["-h", "127.0.0.1", "-p", String(at), "-U", "bench"];

  before(async function () {
    const server = requireTool(this, "postgres");
    const initdb = requireTool(this, "initdb");
    [pgbench, psql] = [requireTool(this, "pgbench"), requireTool(this, "psql")];
    const user = unprivileged();
    const folder = temporaryFolder(cleanup, user.uid);
    const data = join(folder, "data");
    port = await freePort();
    await mustRun(initdb, ["-D", data, "-A", "trust", "-U", "bench", "--no-sync"], { ...user, cwd: folder });
    const settings = [`listen_addresses=127.0.0.1`, `unix_socket_directories=${folder}`, "fsync=off"].flatMap((setting) => ["-c", setting]);
    startServer(cleanup, server, ["-D", data, "-p", String(port), ...settings], { ...user, cwd: folder });
    await eventually(() => mustRun(psql, [...to(port), "-c", "select 1", "postgres"]), { within: 30_000 });
    await mustRun(pgbench, ["-i", "-q", "-s", "1", ...to(port), "postgres"]);
  });
  after(() => cleanup.run());

  const ask = async (at: number, query: string): Promise<string> =>
    (await mustRun(psql, [...to(at), "-At", "-c", query, "postgres"])).trim();

  it("runs pgbench without a failed transaction, and with correct sums", async () => {
    const started = await startInFront(cleanup, {
      pg: { listen: "tcp://127.0.0.1:0", upstream: `127.0.0.1:${port}`, plugins: passThrough() },
    });
    const output = await mustRun(pgbench, ["-c", "8", "-t", "500", ...to(started.port()), "postgres"]);
    expect(output).to.match(/transactions actually processed: 4000\/4000/);
    expect(output).to.match(/failed transactions: 0 /);
    const sums =
      "select (select sum(abalance) from pgbench_accounts), (select sum(delta) from pgbench_history), (select count(*) from pgbench_history)";
    const direct = await ask(port, sums);
    const [accounts, history, count] = direct.split("|");
    expect([accounts, count]).to.deep.equal([history, "4000"]);
    expect(await ask(started.port(), sums)).to.equal(direct);
    expect(await ask(started.port(), "select md5(string_agg(filler || aid, '' order by aid)) from pgbench_accounts")).to.equal(
      await ask(port, "select md5(string_agg(filler || aid, '' order by aid)) from pgbench_accounts"),
    );
    expect(failures(started)).to.deep.equal([]);
  });

  it("is reached by psql with sslmode=require and verify-full, through startTls() and tlsTermination()", async () => {
    const certificate = await createCertificate("localhost");
    const started = await startInFront(cleanup, {
      pg: {
        listen: "tcp://127.0.0.1:0",
        upstream: `127.0.0.1:${port}`,
        plugins: [startTls({ protocol: "postgres" }), tlsTermination(certificate)],
      },
    });
    const root = join(temporaryFolder(cleanup), "root.pem");
    writeFileSync(root, certificate.cert);
    const place = `host=localhost hostaddr=127.0.0.1 port=${started.port()} user=bench dbname=postgres`;
    for (const mode of ["sslmode=require", `sslmode=verify-full sslrootcert=${root}`]) {
      const said = await mustRun(psql, ["-At", "-c", "\\conninfo", "-c", "select 6 * 7", `${place} ${mode}`]);
      expect(said)
        .to.match(/SSL connection \(protocol: TLSv1\.3/)
        .and.match(/^42$/m);
    }
    // Its request to cancel is a connection of its own, without TLS.
    const asleep = spawn(psql, ["-At", "-c", "select pg_sleep(600)", `${place} sslmode=require`], { stdio: ["ignore", "ignore", "pipe"] });
    cleanup.add(() => void asleep.kill("SIGKILL"));
    const said: Buffer[] = [];
    asleep.stderr.on("data", (text: Buffer) => said.push(text));
    const sleeping = "select count(*) from pg_stat_activity where query like '%pg_sleep(600)' and wait_event = 'PgSleep'";
    await eventually(async () => expect(await ask(port, sleeping)).to.equal("1"), { within: 30_000 });
    asleep.kill("SIGINT");
    await bounded(once(asleep, "close"), "the end of psql", 30_000);
    expect(String(Buffer.concat(said))).to.include("canceling statement due to user request");
    expect(failures(started)).to.deep.equal([]);
    const plain = await runTool(psql, ["-At", "-c", "select 1", `${place} sslmode=disable`]);
    expect(plain.code).to.not.equal(0);
  });

  it("is not needed after psql was recorded: psql sees edited answers, and another query fails", async () => {
    const file = join(temporaryFolder(cleanup), "postgres.yaml");
    const recording = cleanup.keep(await startProxy({ upstream: `127.0.0.1:${port}`, plugins: [record({ file })] }));
    expect(await ask(recording.port(), "select 'yesterday'")).to.equal("yesterday");
    await recording.nextRecord();
    await recording.close();
    const text = readFileSync(file, "utf8");
    const hex = (said: string): string =>
      Buffer.from(said)
        .toString("hex")
        .replaceAll(/(..)(?=.)/g, "$1 ");
    const [query, answers] = [hex("select 'yesterday'"), hex("yesterday")];
    const [, before = "", after = ""] = new RegExp(`^([^]*${query}[^]*?)${answers}([^]*)$`).exec(text) ?? [];
    writeFileSync(file, `${before}${hex("tomorrow!")}${after}`);
    const replaying = cleanup.keep(await startProxy({ plugins: [replay({ file, match: "strict" })] }));
    expect(await ask(replaying.port(), "select 'yesterday'")).to.equal("tomorrow!");
    const other = await runTool(psql, [...to(replaying.port()), "-At", "-c", "select 'otherwise'", "postgres"]);
    expect(other.code).to.not.equal(0);
    expect(replaying.log.map(({ msg }) => String(msg)).join("\n"))
      .to.include("+ 000000")
      .and.include("select 'oth");
  });
});
