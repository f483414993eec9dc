import { expect } from "chai";
import { of, tap } from "rxjs";
import { clientKey, createProxy, socketAddress, type PluginUse } from "sluice";
import { http, logging, rateLimit } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { recordLog } from "../support/recorded-log.ts";
import { connect } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

/** What a front plugin does that has read which client a proxy speaks for. */
const named = (address: string, port = 4711): PluginUse =>
  plugin("named", {
    admit: (arrival, session) =>
      arrival.pipe(tap(() => session.setClient(socketAddress(address, port, address.includes(":") ? "IPv6" : "IPv4")))),
  });

describe("Who the client is", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const [what, key] of Object.entries({
    '"client"': "client" as const,
    "a function of the session": (session: { client: { address: string } }) => session.client.address,
    "a function of the request": (_session: unknown, request?: { client: { address: string } }) => request?.client.address ?? "",
    "clientKey of the session": (session: { client: { address: string } }) => clientKey(session.client),
  })) {
    it(`is, for the bucket of a request by ${what}, the client that a trusted proxy names`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const before = [rateLimit({ requests: { rate: 1, per: "1h", burst: 1 }, key })];
      const use = { trustedProxies: ["127.0.0.0/8"], routes: [{ upstream: upstream.endpoint }] };
      const { port } = await startHttpProxy(cleanup, use, { before });
      const from = async (headers: Record<string, string>): Promise<number> => (await ask(port(), { headers })).status;
      expect([await from({ "x-forwarded-for": "198.51.100.1" }), await from({ "x-forwarded-for": "198.51.100.1" })]).to.deep.equal([
        200, 429,
      ]);
      expect([await from({ "x-forwarded-for": "198.51.100.2" }), await from({ forwarded: "for=198.51.100.2" })]).to.deep.equal([200, 429]);
      const session = openHttp2(cleanup, port());
      const over2 = async (address: string): Promise<number> => (await askOn(session, { ":path": "/", "x-forwarded-for": address })).status;
      expect([await over2("198.51.100.3"), await over2("198.51.100.3"), await over2("198.51.100.4")]).to.deep.equal([200, 429, 200]);
    });
  }

  it("is the connected peer if no proxy is trusted, whatever the headers say", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const before = [rateLimit({ requests: { rate: 1, per: "1h", burst: 1 } })];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before });
    expect((await ask(port(), { headers: { "x-forwarded-for": "198.51.100.1" } })).status).to.equal(200);
    expect((await ask(port(), { headers: { "x-forwarded-for": "198.51.100.2" } })).status).to.equal(429);
  });

  it("is the same for hooks, even if an earlier hook has changed the header", async () => {
    const clients: string[] = [];
    const change = plugin("change", {
      exchange: (attempt, request) => {
        request.headers["x-forwarded-for"] = "203.0.113.99";
        return attempt;
      },
    });
    const note = plugin("note", {
      exchange: (_attempt, { client, session }) => (clients.push(String(client), session.client.address), of({ status: 200, headers: {} })),
    });
    const { port } = await startHttpProxy(
      cleanup,
      { trustedProxies: ["127.0.0.1"] },
      { before: [change, note], listener: { upstream: "127.0.0.1:9" } },
    );
    await ask(port(), { headers: { "x-forwarded-for": "198.51.100.1" } });
    expect(clients).to.deep.equal(["198.51.100.1", "127.0.0.1"]);
  });

  it("is logged with each request, and forwarded", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const log = recordLog();
    const plugins = [logging(), http({ trustedProxies: ["127.0.0.1"], routes: [{ upstream: upstream.endpoint }] })];
    const proxy = cleanup.keep(await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } }, { logger: log.logger }));
    const port = proxy.listeners["web"]?.address.port ?? 0;
    const { told } = await ask(port, { headers: { "x-forwarded-for": "198.51.100.1" } });
    expect(told.headers["x-forwarded-for"]).to.equal("198.51.100.1, 127.0.0.1");
    await eventually(() => expect(log.of("request ended").map(({ client }) => client)).to.deep.equal(["198.51.100.1"]));
  });

  it("is, for a session, the client that an earlier plugin named: in limits, records, hooks and forwarded headers", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const seen: string[] = [];
    const before = [
      named("198.51.100.7"),
      rateLimit({ connections: { rate: 1, per: "1h", burst: 1 } }),
      plugin("note", {
        exchange: (attempt, { client, session }) => (seen.push(String(client), String(session.client), session.peer.address), attempt),
      }),
    ];
    const { port, ended } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before });
    const { told } = await ask(port());
    expect(told.headers["x-forwarded-for"]).to.equal("198.51.100.7");
    expect(seen).to.deep.equal(["198.51.100.7:4711", "198.51.100.7:4711", "127.0.0.1"]);
    expect((await ended()).client).to.equal("198.51.100.7:4711");
    cleanup.keep(await connect(port()));
    expect((await ended("SLUICE_RATE_LIMITED")).client).to.equal("198.51.100.7:4711");
  });

  it("counts for limits.sessionsPerClient, and no longer after the client has left", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const limits = { sessionsPerClient: 2 };
    const { port, proxy, ended } = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: upstream.endpoint }] },
      { limits, before: [named("2001:db8::7")] },
    );
    const sockets = [await connect(port()), await connect(port())];
    await eventually(() => expect(proxy.sessions.size).to.equal(2));
    cleanup.keep(await connect(port()));
    expect((await ended("SLUICE_LIMIT_SESSIONS_PER_CLIENT")).client).to.equal("[2001:db8::7]:4711");
    for (const socket of sockets) socket.destroy();
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
    expect((await ask(port())).status).to.equal(200);
  });
});
