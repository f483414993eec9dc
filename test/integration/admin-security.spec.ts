import { expect } from "chai";
import { createProxy } from "sluice";
import { echo } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { ask, talk } from "../support/http-client.ts";
import { AdminApi, startAdmin } from "../support/with-admin.ts";
import { connect, readAll } from "../support/sockets.ts";

const listeners = { echo: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } };
const toggle = "listeners/echo/plugins/echo";

describe("the admin server", () => {
  const cleanup = createCleanup();
  let api: AdminApi;

  const start = async (admin: object = {}): Promise<AdminApi> => {
    const started = await startAdmin({ listeners }, admin);
    cleanup.add(() => started.proxy.close());
    return started.api;
  };

  const codeOf = (body: string): unknown => (JSON.parse(body) as { error?: { code?: unknown } }).error?.code;

  beforeEach(async () => {
    api = await start();
  });
  afterEach(() => cleanup.run());

  it("is off unless the config turns it on", async () => {
    const proxy = cleanup.keep(await createProxy({ listeners }));
    expect(proxy.adminUrl).to.equal(undefined);
  });

  it("has a random token per process in the fragment of its address, and requires it for every answer with information", async () => {
    expect(api.token).to.match(/^[\w-]{32}$/);
    expect((await start()).token).to.not.equal(api.token);
    for (const path of ["/api/v1/status", "/api/v1/listeners", "/api/v1/nothing", "/api/v1/config", "/metrics"]) {
      const { status, body, headers } = await ask(api.port, { path });
      expect([path, status, codeOf(body)]).to.deep.equal([path, 401, "SLUICE_ADMIN_TOKEN"]);
      expect(headers["www-authenticate"]).to.match(/^Bearer/);
    }
    for (const authorization of ["Bearer wrong", `Basic ${api.token}`, `Bearer ${api.token}x`, "Bearer ", api.token])
      expect((await api.call("GET", "status", { headers: { authorization } })).status, authorization).to.equal(401);
    expect((await ask(api.port, { path: `/api/v1/status?token=${api.token}` })).status).to.equal(401);
    expect((await api.call("GET", "status")).status).to.equal(200);
  });

  it("does not accept a cookie as token, and sets no cookie", async () => {
    const { status } = await ask(api.port, {
      path: "/api/v1/status",
      headers: { cookie: `token=${api.token}; authorization=${api.token}` },
    });
    expect(status).to.equal(401);
    for (const path of ["/", "/api/v1/status", "/healthz"]) {
      const { headers } = await ask(api.port, { path, headers: { authorization: `Bearer ${api.token}` } });
      expect(headers["set-cookie"]).to.equal(undefined);
    }
  });

  it("answers only its own Host, on every path except the probes, and names the option that allows others", async () => {
    const bad = [
      "evil.example",
      "evil.example:9900",
      "127.0.0.1.evil.example",
      "localhost.evil.example:80",
      "192.168.1.7",
      "0.0.0.0",
      "[::2]",
    ];
    for (const host of bad) {
      for (const path of ["/", "/api/v1/status", "/metrics", "/assets/x.js"]) {
        const { status, body } = await ask(api.port, { path, headers: { host, authorization: `Bearer ${api.token}` } });
        expect([host, path, status]).to.deep.equal([host, path, 403]);
        expect(body).to.include("admin.hosts");
      }
    }
    expect(await talk(api.port, "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")).to.match(/^HTTP\/1.1 403 /);
    expect(await talk(api.port, "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\nConnection: close\r\n\r\n")).to.match(
      /^HTTP\/1.1 403 /,
    );
    expect(await talk(api.port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).to.match(/^HTTP\/1.1 400 /);
    for (const host of ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9900", "[::1]"])
      expect((await api.call("GET", "status", { headers: { host } })).status, host).to.equal(200);
  });

  it("answers the names of admin.hosts, in any case of letters", async () => {
    const named = await start({ hosts: ["Proxy.Internal"] });
    expect((await named.call("GET", "status", { headers: { host: "proxy.internal:9900" } })).status).to.equal(200);
    expect((await named.call("GET", "status", { headers: { host: "other.internal" } })).status).to.equal(403);
  });

  it("accepts no change from a foreign Origin or a foreign site, with or without the token", async () => {
    const foreign: Record<string, string>[] = [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: `http://127.0.0.1:${api.port + 1}` },
      { origin: `http://127.0.0.1:${api.port}.evil.example` },
      { origin: `http://user@127.0.0.1:${api.port}` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: `http://127.0.0.1:${api.port}`, "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreign)
      for (const [method, path] of [
        ["PATCH", toggle],
        ["POST", "reload"],
        ["DELETE", "overrides/echo/echo"],
      ] as const) {
        const { status, body } = await api.call(method, path, { headers, json: { enabled: false } });
        expect([headers, method, status, codeOf(body)]).to.deep.equal([headers, method, 403, "SLUICE_ADMIN_FORBIDDEN"]);
      }
    expect((await api.get<{ generation: number }>("status")).generation).to.equal(1);
  });

  it("accepts a change from its own page and from programs", async () => {
    const own: Record<string, string>[] = [
      {},
      { origin: `http://127.0.0.1:${api.port}`, "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "none" },
    ];
    for (const headers of own) expect((await api.call("PATCH", toggle, { headers, json: { enabled: true } })).status).to.equal(200);
  });

  it("accepts a change only as application/json, and never by GET", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", ""]) {
      const { status } = await api.call("PATCH", toggle, { headers: { "content-type": type }, json: { enabled: false } });
      expect([type, status]).to.deep.equal([type, 415]);
    }
    expect(
      (await api.call("PATCH", toggle, { headers: { "content-type": "Application/JSON; charset=utf-8" }, json: { enabled: true } })).status,
    ).to.equal(200);
    for (const path of ["reload", "plan", "generations/1/restore"]) expect((await api.call("GET", path)).status, path).to.equal(405);
    expect((await api.call("GET", `${toggle}?enabled=false`)).status).to.equal(400);
    expect((await api.get<{ enabled: boolean }>(toggle)).enabled).to.equal(true);
  });

  it("does not allow another site to read its answers", async () => {
    const preflight = await ask(api.port, {
      method: "OPTIONS",
      path: "/api/v1/status",
      headers: { origin: "http://evil.example", "access-control-request-method": "GET" },
    });
    expect(preflight.status).to.equal(403);
    const read = await api.call("GET", "status", { headers: { origin: "http://evil.example" } });
    for (const { headers } of [preflight, read])
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).to.deep.equal([]);
  });

  it("sends a content security policy, and forbids framing and sniffing, with every answer", async () => {
    for (const path of ["/", "/none", "/healthz", "/api/v1/status", "/metrics"]) {
      const { headers } = await ask(api.port, { path });
      expect(headers["content-security-policy"], path).to.match(/^default-src 'self';/);
      expect(headers["content-security-policy"], path).to.include("frame-ancestors 'none'");
      expect(headers["content-security-policy"], path).to.not.include("unsafe");
      expect(headers["x-frame-options"], path).to.equal("DENY");
      expect(headers["x-content-type-options"], path).to.equal("nosniff");
    }
  });

  it("answers its probes without a token and with any Host, and discloses nothing in them", async () => {
    for (const path of ["/healthz", "/readyz"]) {
      const { status, body } = await ask(api.port, { path, headers: { host: "10.1.2.3:9900" } });
      expect([path, status, body]).to.deep.equal([path, 200, "ok\n"]);
    }
  });

  it("serves /metrics without a token when admin.metrics is open, but still only to its own Host", async () => {
    const open = await start({ metrics: "open" });
    expect((await ask(open.port, { path: "/metrics" })).status).to.equal(200);
    expect((await ask(open.port, { path: "/metrics", headers: { host: "evil.example" } })).status).to.equal(403);
    expect((await ask(open.port, { path: "/api/v1/status" })).status).to.equal(401);
  });

  it("serves only the files of its page", async () => {
    for (const path of [
      "/../package.json",
      "/assets/../../admin.js",
      "/..%2f..%2fpackage.json",
      "/assets/%2e%2e/x.js",
      "/.env",
      "/assets/.x.js",
    ]) {
      const answer = await talk(api.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(answer.split("\r\n")[0], path).to.equal("HTTP/1.1 404 Not Found");
    }
  });

  it("is no proxy: a request for another address, an upgrade and CONNECT are refused", async () => {
    const auth = `Authorization: Bearer ${api.token}\r\nConnection: close\r\n`;
    expect(await talk(api.port, `GET http://127.0.0.1/api/v1/status HTTP/1.1\r\nHost: localhost\r\n${auth}\r\n`)).to.match(
      /^HTTP\/1.1 400 /,
    );
    expect(await talk(api.port, `GET //evil.example/api/v1/status HTTP/1.1\r\nHost: localhost\r\n${auth}\r\n`)).to.match(/^HTTP\/1.1 400 /);
    expect(await talk(api.port, `CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n`)).to.not.include("200");
    const upgrade = `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n\r\n`;
    expect(await talk(api.port, upgrade.replace("Connection: Upgrade", "Connection: Upgrade, close"))).to.match(/^HTTP\/1.1 401 /);
  });

  it("answers a head that is too large with the reason, and continues", async () => {
    const large = `GET / HTTP/1.1\r\nHost: localhost\r\nx: ${"x".repeat(20_000)}\r\n\r\n`;
    expect(await talk(api.port, large)).to.match(/^HTTP\/1.1 431 /);
    expect(await talk(api.port, "nonsense\r\n\r\n")).to.match(/^HTTP\/1.1 400 /);
    expect((await api.call("GET", "status")).status).to.equal(200);
  });

  it("answers bad input with an error that gives the reason, and continues", async () => {
    expect(await talk(api.port, "nonsense\r\n\r\n")).to.match(/^HTTP\/1.1 400 /);
    const bad: [string, string, unknown, number][] = [
      ["PATCH", toggle, { enabled: "yes" }, 400],
      ["PATCH", toggle, { enabld: false }, 400],
      ["PATCH", toggle, {}, 400],
      ["PATCH", toggle, [], 400],
      ["PATCH", toggle, { listener: "other", enabled: false }, 400],
      ["PATCH", "listeners/none/plugins/echo", { enabled: false }, 404],
      ["PATCH", "listeners/echo/plugins/none", { enabled: false }, 404],
      ["GET", "listeners/none", undefined, 404],
      ["GET", "nothing", undefined, 404],
      ["GET", "listeners/%ff", undefined, 400],
      ["DELETE", "overrides/echo/echo", undefined, 404],
      ["DELETE", "status", undefined, 405],
    ];
    for (const [method, path, json, expected] of bad) {
      const { status, body } = await api.call(method, path, json === undefined ? {} : { json });
      expect([method, path, json, status]).to.deep.equal([method, path, json, expected]);
      expect(codeOf(body), body).to.match(/^SLUICE_ADMIN_(REQUEST|UNKNOWN)$/);
    }
    const broken = await ask(api.port, {
      method: "PATCH",
      path: `/api/v1/${toggle}`,
      body: "{",
      headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
    });
    expect(broken.status).to.equal(400);
    const large = await api.call("PATCH", toggle, { json: { enabled: false, options: { x: "x".repeat(1_100_000) } } });
    expect(large.status).to.equal(413);
    expect((await api.get<{ generation: number }>("status")).generation).to.equal(1);
  });
});

describe("the address of the admin server", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const refusal = async (config: object): Promise<string> => {
    try {
      const proxy = await createProxy({ listeners, ...config });
      await proxy.close();
      return "";
    } catch (error) {
      return String(error);
    }
  };

  it("that is not loopback is refused without a token in the config", async () => {
    for (const listen of ["tcp://0.0.0.0:0", "tcp://[::]:0", "tcp://192.0.2.1:9900", "tcp://some.host:9900"]) {
      const message = await refusal({ admin: { listen } });
      expect(message, listen).to.include("admin.token").and.include("SLUICE_CONFIG_INVALID");
    }
    expect(await refusal({ admin: { listen: "tcp://[::ffff:127.0.0.1]:0" } })).to.include("admin.listen: write tcp://127.0.0.1:0: tcp");
    const proxy = cleanup.keep(await createProxy({ listeners, admin: { listen: "tcp://0.0.0.0:0", token: "long-enough-token" } }));
    expect((await new AdminApi(proxy.adminUrl ?? "").call("GET", "status")).status).to.equal(200);
  });

  it("is refused when it is not that of a stream, is misspelt, or belongs to a listener", async () => {
    expect(await refusal({ admin: { listen: "udp://127.0.0.1:9900" } })).to.include("admin.listen");
    expect(await refusal({ admin: { listne: "tcp://127.0.0.1:0" } }))
      .to.include("admin")
      .and.include("listne");
    expect(await refusal({ admin: { token: "short" } })).to.include("admin.token");
    const taken = { listeners: { web: { listen: "tcp://127.0.0.1:7999", plugins: [echo()] } }, admin: { listen: "tcp://127.0.0.1:7999" } };
    expect(await refusal(taken))
      .to.include("listeners.web.listen")
      .and.include("taken by the admin server");
  });

  it("is refused as an upstream that the config names", async () => {
    for (const upstream of ["127.0.0.1:9911", "localhost:9911", "0.0.0.0:9911", "[::ffff:127.0.0.1]:9911", ["127.0.0.1:1", "[::1]:9911"]]) {
      const admin = { listen: String(upstream).includes("[::1]") ? "tcp://[::1]:9911" : "tcp://127.0.0.1:9911" };
      const message = await refusal({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream } }, admin });
      expect(message, String(upstream)).to.include("listeners.web.upstream").and.include("admin server");
    }
  });

  it("is refused as an upstream that resolves to it: by a name, and by a plugin", async () => {
    const first = await startAdmin({ listeners });
    cleanup.add(() => first.proxy.close());
    const { port } = first.api;
    const own = (name: string) => ({ listen: "tcp://127.0.0.1:0", upstream: `${name}:${port}` });
    const dns = { hosts: { "innocent.test": ["127.0.0.1"] } };
    await first.proxy.apply({ listeners: { named: own("innocent.test") }, dns, admin: { listen: "tcp://127.0.0.1:0" } });
    const ends: string[] = [];
    first.proxy.events.subscribe((event) => event.type === "session-ended" && ends.push(event.record.reason));
    const socket = cleanup.keep(await connect(first.port("named")));
    expect(String(await readAll(socket))).to.equal("");
    expect(ends).to.deep.equal(["SLUICE_UPSTREAM_ADMIN"]);
  });
});
