import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { Agent as HttpAgent, get as getHttp } from "node:http";
import { Agent as HttpsAgent, get as getHttps } from "node:https";
import { join } from "node:path";
import { tlsTermination } from "sluice/plugins";
import { bounded } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { randomMebibytes } from "../support/random-bytes.ts";
import { failures, passThrough, startInFront, startServer, temporaryFolder } from "../support/real-peer.ts";
import { freePort, sha256 } from "../support/sockets.ts";

const cleanup = createCleanup();
const atOnce = 4;
const rounds = 4;

describe("nginx behind every pass-through plugin [trust]", function () {
  this.timeout(120_000);
  const file = randomMebibytes(10);
  let port: number;

  before(async function () {
    const nginx = requireTool(this, "nginx");
    port = await freePort();
    const folder = temporaryFolder(cleanup);
    writeFileSync(join(folder, "file"), file);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ");
    const server = `server { listen 127.0.0.1:${port}; root ${folder}; }`;
    const settings = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log; events {}\nhttp { access_log off; ${temporary} ${server} }\n`;
    writeFileSync(join(folder, "nginx.conf"), settings);
    startServer(cleanup, nginx, ["-p", folder, "-c", join(folder, "nginx.conf")]);
    await eventually(async () => expect(await fetchOver("http", port)).to.equal(sha256(file)), { within: 15_000 });
  });
  after(() => cleanup.run());

  for (const scheme of ["http", "https"] as const) {
    it(`serves a file of 10 MiB unchanged over ${scheme}, many times over reused connections`, async () => {
      const tls = scheme === "https" ? [tlsTermination(await createCertificate("localhost"))] : [];
      const listen = `${scheme === "https" ? "tls" : "tcp"}://127.0.0.1:0`;
      const plugins = [...tls, ...passThrough()];
      const started = await startInFront(cleanup, { web: { listen, upstream: `127.0.0.1:${port}`, plugins } });
      const agent =
        scheme === "https" ? new HttpsAgent({ keepAlive: true, rejectUnauthorized: false }) : new HttpAgent({ keepAlive: true });
      for (let round = 0; round < rounds; round += 1) {
        const sums = await Promise.all(Array.from({ length: atOnce }, () => fetchOver(scheme, started.port(), agent)));
        expect(new Set(sums)).to.deep.equal(new Set([sha256(file)]));
      }
      agent.destroy();
      await eventually(() => expect(started.proxy.sessions.size).to.equal(0));
      expect(started.all("session-ended")).to.have.lengthOf(atOnce);
      // A client that drops a kept TLS connection without close_notify is told of.
      expect(failures(started).filter((text) => !/SLUICE_CLIENT_(RESET|TRUNCATED)/.test(text))).to.deep.equal([]);
    });
  }
});

/** The digest of the file, fetched whole. */
async function fetchOver(scheme: "http" | "https", port: number, agent?: HttpAgent): Promise<string> {
  const options = { host: "127.0.0.1", port, path: "/file", rejectUnauthorized: false, ...(agent === undefined ? {} : { agent }) };
  const fetched = new Promise<string>((resolve, reject) => {
    const request = (scheme === "https" ? getHttps : getHttp)(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("end", () => resolve(`${response.statusCode === 200 ? "" : response.statusCode}${sha256(Buffer.concat(chunks))}`));
      response.once("error", reject);
    });
    request.once("error", reject);
  });
  return bounded(fetched, "the file", 30_000);
}
