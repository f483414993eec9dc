import autocannon from "autocannon";
import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { http, logging, rateLimit, retry, tlsTermination } from "sluice/plugins";
import { createServer } from "vite";
import { WebSocket } from "ws";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { ask, talk } from "../support/http-client.ts";
import { startHttpUpstream, type Told } from "../support/http-upstream.ts";
import { randomMebibytes } from "../support/random-bytes.ts";
import { failures, mustRun, startInFront, startServer, temporaryFolder } from "../support/real-peer.ts";
import { freePort, sha256 } from "../support/sockets.ts";
import type { TestProxy } from "../support/with-proxy.ts";
import type { PluginUse } from "sluice";

const onRequests = (): PluginUse[] => [logging(), retry(), rateLimit({ requests: { rate: 1_000_000 } })];

describe("Real HTTP", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const inFront = (upstream: string, listen = "tcp://127.0.0.1:0", before: readonly PluginUse[] = []): Promise<TestProxy> =>
    startInFront(cleanup, { web: { listen, upstream, plugins: [...before, ...onRequests(), http()] } });

  for (const [how, parameters, version] of [
    ["HTTP/1.1", ["--http1.1"], "1.1"],
    ["HTTP/1.0", ["--http1.0"], "1.1"],
    ["HTTP/2 with prior knowledge", ["--http2-prior-knowledge"], "2"],
    ["HTTP/2 by an upgrade, which is not taken", ["--http2"], "1.1"],
    ["HTTP/2 over TLS", ["--http2", "--insecure"], "2"],
    ["HTTP/1.1 over TLS", ["--http1.1", "--insecure"], "1.1"],
  ] as const) {
    it(`curl sends requests, sends files by length and in chunks, and reads large answers over ${how}`, async function () {
      const curl = requireTool(this, "curl");
      const folder = temporaryFolder(cleanup);
      const file = randomMebibytes(5);
      writeFileSync(join(folder, "file"), file);
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        if (request.method === "GET") response.end(JSON.stringify({ url: request.url, headers: request.headers }));
        else request.pipe(response);
      });
      const secure = how.endsWith("TLS");
      const before = secure ? [tlsTermination({ ...(await createCertificate("localhost")), alpn: ["h2", "http/1.1"] })] : [];
      const proxy = await inFront(upstream.endpoint, `${secure ? "tls" : "tcp"}://127.0.0.1:0`, before);
      const url = `${secure ? "https" : "http"}://localhost:${proxy.port()}`;
      const run = (...more: string[]): Promise<string> => mustRun(curl, ["--silent", "--show-error", "--fail", ...parameters, ...more]);
      const answer = await run("--write-out", "\n%{http_version}", `${url}/a?b=1`);
      const [first = "", spoken] = answer.split("\n");
      expect((JSON.parse(first) as Told).url).to.equal("/a?b=1");
      expect(spoken).to.equal(version);
      const out = join(folder, "out");
      await run("--output", out, "--data-binary", `@${folder}/file`, `${url}/length`);
      expect(sha256(readFileSync(out))).to.equal(sha256(file));
      if (how !== "HTTP/1.0") {
        await run("--output", out, "--upload-file", `${folder}/file`, "--header", "Transfer-Encoding: chunked", `${url}/chunks`);
        expect(sha256(readFileSync(out))).to.equal(sha256(file));
      }
      expect(await run("--head", `${url}/head`).catch(String)).to.match(/HTTP\/[\d.]+ 200/);
    });
  }

  it("autocannon uses many connections at once, and no request fails", async () => {
    const upstream = await startHttpUpstream(cleanup, (_request, response) => response.end("hello"));
    const proxy = await inFront(upstream.endpoint);
    const { non2xx, errors, timeouts, requests } = await autocannon({
      url: `http://127.0.0.1:${proxy.port()}`,
      connections: 50,
      amount: 5_000,
    });
    expect({ non2xx, errors, timeouts }).to.deep.equal({ non2xx: 0, errors: 0, timeouts: 0 });
    expect(requests.total).to.equal(5_000);
    expect(upstream.asked).to.have.lengthOf(5_000);
    await eventually(() => expect(proxy.proxy.sessions.size).to.equal(0));
    expect(failures(proxy).filter((text) => !text.includes("SLUICE_CLIENT_RESET"))).to.deep.equal([]);
  });

  it("nginx serves a large file over reused connections, and answers no request that is hidden in a body", async function () {
    const nginx = requireTool(this, "nginx");
    const folder = temporaryFolder(cleanup);
    const file = randomMebibytes(10);
    writeFileSync(join(folder, "file"), file);
    const port = await freePort();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ");
    const server = `server { listen 127.0.0.1:${port}; root ${folder}; location /put { return 200 "ok"; } }`;
    const log = `access_log ${folder}/access.log;`;
    const settings = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log; events {}\nhttp { ${log} ${temporary} ${server} }\n`;
    writeFileSync(join(folder, "nginx.conf"), settings);
    startServer(cleanup, nginx, ["-p", folder, "-c", join(folder, "nginx.conf")]);
    await eventually(async () => expect((await ask(port, { path: "/put" })).status).to.equal(200), { within: 15_000 });
    const proxy = await inFront(`127.0.0.1:${port}`);
    const curl = requireTool(this, "curl");
    const out = join(folder, "out");
    for (let at = 0; at < 5; at += 1) {
      await mustRun(curl, ["--silent", "--fail", "--output", out, `http://127.0.0.1:${proxy.port()}/file`]);
      expect(sha256(readFileSync(out))).to.equal(sha256(file));
    }
    const body = "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n";
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    for (const method of ["DELETE", "OPTIONS"])
      for (const expects of ["", "Expect: 100-continue\r\n"])
        await talk(
          proxy.port(),
          `${method} /put HTTP/1.1\r\nHost: a\r\n${expects}Transfer-Encoding: chunked\r\n\r\n${chunk}GET /put HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
        );
    const access = readFileSync(join(folder, "access.log"), "utf8");
    expect(access).to.include("DELETE /put").and.include("OPTIONS /put").and.not.include("/secret");
  });

  it("Vite serves its modules, and reports a saved file over its WebSocket", async () => {
    const folder = temporaryFolder(cleanup);
    writeFileSync(join(folder, "index.html"), '<script type="module" src="/main.js"></script>');
    writeFileSync(join(folder, "main.js"), 'import { a } from "./a.js"; console.log(a);');
    writeFileSync(join(folder, "a.js"), "export const a = 1;\nimport.meta.hot?.accept();\n");
    const vite = await startVite(folder);
    const certificate = await createCertificate("localhost");
    const before = [tlsTermination({ ...certificate, alpn: ["h2", "http/1.1"] })];
    const proxy = await inFront(vite, "tls://127.0.0.1:0", before);
    const get = (path: string): Promise<string> =>
      ask(proxy.port(), { path, secure: true, headers: { host: `localhost:${proxy.port()}` } }).then(({ body }) => body);
    expect(await get("/")).to.include("/@vite/client");
    const client = await get("/@vite/client");
    expect(client).to.include("vite-hmr");
    expect(await get("/main.js")).to.include("/a.js");
    expect(await get("/a.js")).to.include("const a = 1");
    const token = /const wsToken = "([^"]+)"/.exec(client)?.[1] ?? "";
    const socket = new WebSocket(`wss://localhost:${proxy.port()}/?token=${token}`, "vite-hmr", { ca: certificate.cert });
    cleanup.add(() => socket.terminate());
    const messages: string[] = [];
    socket.on("message", (data: Buffer) => messages.push(String(data)));
    await eventOf(socket, "open");
    await eventually(() => expect(messages.join("")).to.include('"connected"'));
    writeFileSync(join(folder, "a.js"), "export const a = 2;\nimport.meta.hot?.accept();\n");
    await eventually(() => expect(messages.join("")).to.match(/"update".*\/a\.js/s), { within: 15_000 });
    expect(await bounded(get("/a.js?t=1"), "the module")).to.include("const a = 2");
  });

  it("a browser loads a page from Vite, and applies a saved module without reloading the page", async function () {
    const browser = requireTool(this, "chromium");
    const folder = temporaryFolder(cleanup);
    writeFileSync(join(folder, "index.html"), '<script type="module" src="/main.js"></script>');
    writeFileSync(
      join(folder, "main.js"),
      'import { a } from "./a.js"; fetch(`/told/loaded-${a}`);\nimport.meta.hot.accept("./a.js", (next) => fetch(`/told/updated-${next.a}`));\n',
    );
    writeFileSync(join(folder, "a.js"), "export const a = 1;\n");
    const told = await startHttpUpstream(cleanup);
    const vite = await startVite(folder);
    const certificate = await createCertificate("localhost");
    const plugins = [
      tlsTermination({ ...certificate, alpn: ["h2", "http/1.1"] }),
      http({ routes: [{ upstream: vite }, { path: "/told", upstream: told.endpoint }] }),
    ];
    const { port } = await startInFront(cleanup, { web: { listen: "tls://127.0.0.1:0", plugins } });
    const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", `--user-data-dir=${folder}/profile`];
    startServer(cleanup, browser, [...options, "--remote-debugging-port=0", `https://localhost:${port()}/`]);
    await eventually(() => expect(told.asked).to.include("GET /told/loaded-1"), { within: 60_000 });
    // Its WebSocket may not be open yet, so the file is saved until it says so.
    let saved = 1;
    await eventually(
      async () => {
        saved += 1;
        writeFileSync(join(folder, "a.js"), `export const a = ${saved};\n`);
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(told.asked.join()).to.include("GET /told/updated-");
      },
      { within: 30_000 },
    );
    expect(told.asked.filter((asked) => asked.includes("loaded"))).to.deep.equal(["GET /told/loaded-1"]);
  });

  /** @returns its endpoint */
  async function startVite(root: string): Promise<string> {
    const vite = await createServer({
      root,
      configFile: false,
      logLevel: "silent",
      cacheDir: join(root, ".cache"),
      server: { port: 0, host: "127.0.0.1", watch: { usePolling: true, interval: 50, ignored: ["**/profile/**"] } },
    });
    await vite.listen();
    cleanup.add(() => vite.close());
    const address = vite.httpServer?.address();
    return `127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
  }
});
