import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EMPTY, mergeMap, NEVER } from "rxjs";
import type { EndReason, FunctionPlugin, ListenerConfig } from "sluice";
import { each } from "sluice/flow";
import { tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { breakOf } from "../support/reset.ts";
import { connect, freePort } from "../support/sockets.ts";
import { plugin, startProxy } from "../support/with-proxy.ts";

describe("The end of a session, as its client sees it,", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  let certificate: TestCertificate;
  before(async () => (certificate = await createCertificate("localhost")));
  afterEach(() => cleanup.run());
  const folder = mkdtempSync(join(tmpdir(), "sluice-endings-"));
  const path = join(folder, "a.sock");
  after(() => rmSync(folder, { recursive: true, force: true }));

  interface Transport {
    readonly listener: () => ListenerConfig;
    readonly open: (port: number) => Promise<Socket>;
  }
  const transports: Readonly<Record<string, Transport>> = {
    tcp: { listener: () => ({ listen: "tcp://127.0.0.1:0" }), open: (port) => connect(port) },
    unix: { listener: () => ({ listen: `unix://${path}` }), open: () => connect({ path }) },
    tls: {
      listener: () => ({ listen: "tls://127.0.0.1:0", plugins: [tlsTermination({ cert: certificate.cert, key: certificate.key })] }),
      open: (port) => connectSecurely(port, { ca: certificate.cert, servername: "localhost" }),
    },
  };

  interface Refusal {
    readonly hooks?: FunctionPlugin;
    readonly reason: EndReason;
  }
  /** Ends of sessions that never reached their upstream. */
  const refusals: Readonly<Record<string, Refusal>> = {
    "admit rejects": { hooks: { admit: (arrival) => arrival.pipe(mergeMap(() => EMPTY)) }, reason: "SLUICE_CLIENT_REJECTED" },
    "admit throws": {
      hooks: {
        admit: (arrival) =>
          arrival.pipe(
            mergeMap(() => {
              throw new Error("no");
            }),
          ),
      },
      reason: "SLUICE_PLUGIN_FAILED",
    },
    "connect throws": {
      hooks: {
        connect: () => {
          throw new Error("no");
        },
      },
      reason: "SLUICE_PLUGIN_FAILED",
    },
    "the upstream refuses": { reason: "SLUICE_UPSTREAM_REFUSED" },
  };

  for (const [transport, { listener, open }] of Object.entries(transports)) {
    for (const [what, { hooks, reason }] of Object.entries(refusals)) {
      for (const sent of ["nothing", "a little", "much"]) {
        it(`is a FIN if ${what}, also when the client has sent ${sent} (${transport})`, async () => {
          const given = listener();
          const plugins = [...(given.plugins ?? []), ...(hooks === undefined ? [] : [plugin("ends", hooks)])];
          const { proxy, port, ended } = await startProxy({
            listeners: { web: { ...given, upstream: `127.0.0.1:${await freePort()}`, plugins } },
          });
          cleanup.add(() => proxy.close());
          const client = await open(port());
          if (sent !== "nothing") client.write(Buffer.alloc(sent === "much" ? 48 * 1024 : 10, "x"));
          expect(await breakOf(client)).to.equal(undefined);
          client.destroy();
          expect((await ended()).reason).to.equal(reason);
        });
      }
    }
  }

  for (const sent of [0, 10]) {
    it(`is a FIN at a limit, also when the client has sent ${sent} bytes`, async () => {
      const { proxy, port, event } = await startProxy({
        limits: { sessions: 1 },
        listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [plugin("waits", { connect: () => NEVER })] } },
      });
      cleanup.add(() => proxy.close());
      const first = await connect(port());
      const second = await connect(port());
      second.write(Buffer.alloc(sent));
      expect(await breakOf(second)).to.equal(undefined);
      expect((await event("session-refused")).error.code).to.equal("SLUICE_LIMIT_SESSIONS");
      for (const socket of [first, second]) socket.destroy();
    });
  }

  it("is a reset, on both sides, if a plugin fails in the flow", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const fails = plugin("fails", {
      fromClient: (data) =>
        data.pipe(
          each((chunk) => {
            if (String(chunk) === "fail") throw new Error("no");
            return chunk;
          }),
        ),
    });
    const { proxy, port } = await startProxy({
      listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: `127.0.0.1:${upstream.port}`, plugins: [fails] } },
    });
    cleanup.add(() => proxy.close());
    const client = await connect(port());
    expect(await exchange(client, "open")).to.equal("open");
    const [behind] = upstream.sockets;
    if (behind === undefined) throw new Error("nobody was accepted");
    const seen = Promise.all([breakOf(client), breakOf(behind)]);
    client.write("fail");
    expect(await seen).to.deep.equal(["ECONNRESET", "ECONNRESET"]);
  });
});
