import { expect } from "chai";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCliWith, startCli } from "../support/cli.ts";
import { Commands } from "../support/commands.ts";
import { connectSecurely, exchange, exchangeOnce } from "../support/exchange.ts";
import { freePort } from "../support/sockets.ts";

const cleanup = createCleanup();

describe("sluice forward", function () {
  this.timeout(60_000);
  const commands = new Commands();
  afterEach(() => cleanup.run());
  after(() => commands.end());

  it("forwards a port without a config, and leaves no config behind", async () => {
    const folder = createCliFolder(cleanup);
    const upstream = cleanup.keep(await startUpstream("echo"));
    const cli = startCli(cleanup, folder, ["forward", "0", upstream.endpoint, "--log", "hex"]);
    const { forward = 0 } = await cli.ready();
    await cli.line(new RegExp(`^to ${upstream.endpoint}$`));
    expect(await exchangeOnce(forward, "hello")).to.equal("hello");
    await cli.error("68656c6c6f");
    expect(existsSync(join(folder.path, "proxy.config.ts"))).to.equal(false);
    cli.kill("SIGTERM");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
  });

  it("terminates TLS with a local CA, and prints the address and how to trust the CA", async () => {
    const folder = createCliFolder(cleanup);
    const cli = startCli(cleanup, folder, ["forward", "127.0.0.1:0", "--echo", "--tls", "localhost"], { XDG_DATA_HOME: folder.path });
    const { forward = 0 } = await cli.ready();
    await cli.line(/^trust it once: npx sluice trust, or curl --cacert \.sluice\/ca\.pem$/);
    const ca = readFileSync(join(folder.path, ".sluice/ca.pem"));
    const socket = cleanup.keep(await connectSecurely(forward, { ca, servername: "localhost" }));
    expect(await exchange(socket, "hello")).to.equal("hello");
  });

  it("prints a URL for each name, and the CA of names that are not local", async () => {
    const folder = createCliFolder(cleanup);
    const [port, env] = [await freePort(), { XDG_DATA_HOME: folder.path }];
    const names = ["localhost", "192.168.1.5", "::1", "dev.example.org"];
    const cli = startCli(cleanup, folder, ["forward", String(port), "--echo", "--tls", names.join(",")], env);
    await cli.ready();
    const urls = ["localhost", "192.168.1.5", "[::1]", "dev.example.org"].map((host) => `https://${host}:${port}/`);
    expect((await cli.line(/^open (.*)$/))[1]).to.equal(urls.join(" or "));
    await cli.line(/^trust it once: npx sluice trust, or curl --cacert \.sluice\/ca\.pem$/);
    await cli.line(/^names that are not local have another CA: curl --cacert \.sluice\/ca-public\.pem$/);
    const ca = readFileSync(join(folder.path, ".sluice/ca-public.pem"));
    const socket = cleanup.keep(await connectSecurely(port, { ca, servername: "dev.example.org" }));
    expect(await exchange(socket, "hello")).to.equal("hello");
  });

  it("is shown by status, and reloads at SIGHUP", async () => {
    const folder = createCliFolder(cleanup);
    const cli = startCli(cleanup, folder, ["forward", "0", "--echo"]);
    await cli.ready();
    const { stdout } = await commands.run(folder, "status", "-c", "forward-tcp-127.0.0.1-0.config.ts");
    expect(stdout).to.match(/forward +tcp:\/\/127\.0\.0\.1:\d+ +\d+ +echo/);
    cli.kill("SIGHUP");
    await cli.line(/^reloaded generation 2$/);
  });

  it("prints the equivalent config", async () => {
    const folder = createCliFolder(cleanup);
    const before = readdirSync(folder.path);
    const options = ["--tls", "localhost", "--latency", "200ms", "--print"];
    const { stdout, code } = await commands.run(folder, "forward", "8443", "localhost:3000", ...options);
    expect(code).to.equal(0);
    expect(stdout).to.include('plugins: [tlsTermination({ selfSigned: ["localhost"] }), latency({ delay: "200ms" })],');
    const http = await commands.run(folder, "forward", "8443", "localhost:3000", "--http", "--tls", "localhost", "--print");
    expect(http.stdout).to.include('plugins: [tlsTermination({ selfSigned: ["localhost"], alpn: ["h2", "http/1.1"] }), http()],');
    expect(readdirSync(folder.path), "it was tried elsewhere").to.deep.equal(before);
  });

  it("takes the plugin's own name for an option, once", async () => {
    const folder = createCliFolder(cleanup);
    const parameters = ["forward", "8443", "localhost:3000", "--rate-limit", "5", "--tls-termination", "localhost", "--logging", "--print"];
    const { stdout } = await commands.run(folder, ...parameters);
    expect(stdout).to.include('listen: "tls://127.0.0.1:8443"');
    expect(stdout).to.match(/plugins: \[tlsTermination\(.*\), logging\(\), rateLimit\(.*\)\],/);
    const { stderr } = await commands.run(folder, ...parameters, "--rate", "6");
    expect(stderr).to.match(/^error: --rate was given more than once/);
  });

  it("writes that config, never over an existing file, and then applies every save of it", async () => {
    const folder = createCliFolder(cleanup);
    const cli = startCli(cleanup, folder, ["forward", "0", "--echo", "--write"]);
    const { forward = 0 } = await cli.ready();
    const file = join(folder.path, "proxy.config.ts");
    folder.write("proxy.config.ts", readFileSync(file, "utf8").replace(":0", `:${forward}`).replace("echo()", 'echo({ name: "again" })'));
    await cli.line(/^reloaded generation 2$/);
    const { stderr, code } = await runCliWith(cleanup, folder, ["forward", "0", "--echo", "--write"]);
    expect(code).to.equal(1);
    expect(stderr).to.include("SLUICE_FILE_EXISTS");
  });

  for (const [what, parameters, message] of [
    ["STARTTLS without TLS", ["0", "a:1", "--start-tls", "smtp"], /^error: --start-tls: expected --tls with it/],
    ["two targets", ["0", "--socks5", "a:1", "--http-connect", "a:1"], "--socks5 and --http-connect: expected one of them"],
    ["no upstream", ["8080"], "expected an upstream after the port"],
    ["no port", ["forward"], "expected a port and an upstream"],
    ["a misspelt option", ["8080", "a:1", "--latncy", "1"], 'did you mean "--latency"'],
    ["a value that makes no sense", ["8080", "a:1", "--rate", "often"], "--rate: expected a number and a time"],
    [
      "an option that the plugin refuses",
      ["8080", "a:1", "--latency", "soon"],
      /^error: --latency: expected a duration such as "250ms".*$/m,
    ],
    ["two options", ["8080", "a:1", "--latency", "soon", "--corrupt", "2"], /^error: --latency: expected .*; --corrupt: expected .*$/m],
    [
      "a network that there is none of",
      ["0", "a:1", "--network", "9g"],
      /error: --network: expected one of 3g, .*, got "9g" \(SLUICE_USAGE[^(]*$/,
    ],
    ["what is to be printed", ["0", "a:1", "--network", "9g", "--print"], /error: --network: expected one of 3g, .*, got "9g"/],
    ["what is to be written", ["0", "a:1", "--latency", "soon", "--write"], /error: --latency: expected/],
    [
      "a plugin that the transport cannot have, and that is to be printed",
      ["udp://127.0.0.1:0", "a:1", "--http", "--print"],
      /^error: --http: .*udp:\/\/ \(SLUICE_USAGE/,
    ],
    ["a plugin without its upstream, and that is to be written", ["0", "--socks5", "*", "--http", "--write"], /^error: --http: .*upstream/],
    ["a file that is not there", ["0", "--replay", "none.yaml"], /error: --replay: .*none\.yaml/],
    [
      "a port that there is none of",
      ["99999", "a:1"],
      /^error: the address to listen on: expected a port from 0 to 65535, got "99999" [^(]*\(SLUICE_USAGE/,
    ],
    [
      "an address without a port",
      ["abc", "a:1"],
      /^error: the address to listen on: expected "host:port", got "tcp:\/\/abc" without a port \(SLUICE_USAGE/,
    ],
    ["an upstream without a port", ["0", "a"], /^error: the upstream: expected "host:port", got "a" without a port \(SLUICE_USAGE/],
    [
      "one of several upstreams",
      ["0", "a:1,b:0"],
      /^error: the upstream: expected a port from 1 to 65535, got "0" in "b:0" \(SLUICE_USAGE/,
    ],
    ["a fault that the transport cannot have", ["8080", "a:1", "--loss", "0.1"], "udp"],
  ] as const) {
    it(`says what is wrong with ${what}`, async () => {
      const folder = createCliFolder(cleanup);
      const { stderr, code } = await commands.run(folder, "forward", ...(parameters[0] === "forward" ? [] : parameters));
      expect(code).to.equal(1);
      expect(stderr).to.match(typeof message === "string" ? new RegExp(message) : message);
      expect(existsSync(join(folder.path, "proxy.config.ts"))).to.equal(false);
    });
  }
});
