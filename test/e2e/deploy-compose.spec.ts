import { expect } from "chai";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli } from "../support/cli.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { readText, root } from "../support/repository.ts";
import { RedisServer } from "../support/redis-server.ts";
import { freePort } from "../support/sockets.ts";

const source = "docs/deploy/compose";

/** A proxy of the file, with what it has to have. */
interface ProxyService {
  readonly build: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly ports: readonly [string];
  readonly tmpfs: readonly [string];
  readonly read_only: boolean;
  readonly stop_grace_period: string;
  readonly depends_on: readonly string[];
}

interface Services {
  readonly "proxy-1": ProxyService;
  readonly "proxy-2": ProxyService;
  readonly redis: { readonly command: readonly string[] };
  readonly backend: unknown;
}

const folderOf = (mount: string): string => mount.split(":")[0] ?? "";

describe("the compose file", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const { services } = parse(readText(`${source}/compose.yaml`), { merge: true }) as { services: Services };
  const proxies = { "proxy-1": services["proxy-1"], "proxy-2": services["proxy-2"] };
  const config = readText(`${source}/config/proxy.config.ts`);

  it("has two proxies, a Redis and a server, and each proxy has its own port", () => {
    expect(Object.keys(services)).to.deep.equal(["proxy-1", "proxy-2", "redis", "backend"]);
    const ports = Object.values(proxies).map((proxy) => proxy.ports[0]);
    for (const port of ports) expect(port).to.match(/^127\.0\.0\.1:\d+:8080$/);
    expect(new Set(ports).size).to.equal(2);
  });

  for (const [name, proxy] of Object.entries(proxies))
    it(`has everything that ${name} needs: its image, folders and variables, with a read-only root`, () => {
      expect(existsSync(join(root, source, proxy.build, "Dockerfile"))).to.equal(true);
      expect(services).to.include.keys(...proxy.depends_on);
      for (const mount of proxy.volumes) expect(existsSync(join(root, source, folderOf(mount))), mount).to.equal(true);
      for (const variable of Object.keys(proxy.environment)) expect(config).to.include(variable);
      expect([proxy.read_only, /^\/tmp:.*\bexec\b/.test(proxy.tmpfs[0])]).to.deep.equal([true, true]);
      expect(Number.parseInt(proxy.stop_grace_period, 10)).to.be.at.least(Number(/drain: "(\d+)s"/.exec(config)?.[1]) + 5);
    });

  it("gives its proxies one shared limit", async function () {
    const file = requireTool(this, "redis-server");
    const [program, ...options] = services.redis.command;
    expect(program).to.equal("redis-server");
    const store = await new RedisServer(cleanup, file, await freePort(), options).start();
    const upstream = cleanup.keep(await startUpstream("echo"));
    const folder = createCliFolder(cleanup);
    // So slow that nothing comes back while the test runs.
    const slow = config.replace("0.0.0.0:8080", "127.0.0.1:0").replace('rate: 20, per: "1s"', 'rate: 1, per: "1h"');
    expect(slow).to.include('per: "1h"');
    const ports: number[] = [];
    for (const name of Object.keys(proxies)) {
      folder.write(`${name}.config.ts`, slow.replace("share: 2", 'share: 2, timeout: "10s"'));
      const environment = { REDIS_URL: store.url, UPSTREAM: upstream.endpoint };
      ports.push((await startCli(cleanup, folder, ["start", `${name}.config.ts`], environment).ready())["web"] ?? 0);
    }
    let granted = 0;
    // One after the other: many at once would take leases.
    for (let index = 0; index < 50; index += 1) if ((await exchangeOnce(ports[index % 2] ?? 0, "x").catch(() => "")) === "x") granted += 1;
    expect(granted).to.equal(40);
  });
});
