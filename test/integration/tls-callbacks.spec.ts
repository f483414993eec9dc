import { expect } from "chai";
import { concatMap, from, map } from "rxjs";
import type { ServerTlsOptions } from "sluice";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { connectSecurely, exchangeOnce } from "../support/exchange.ts";
import { startForward } from "../support/forward.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const fail = (): never => {
  throw new Error("mishap");
};

describe("A plugin's callback that throws during a TLS handshake", () => {
  const mishaps: readonly [string, Partial<ServerTlsOptions>][] = [
    ["SNICallback", { SNICallback: fail }],
    ["SNICallback, with something that is no context,", { SNICallback: (_name, done) => done(null, {} as never) }],
    ["onKeyLog", { onKeyLog: fail }],
  ];
  for (const [name, options] of mishaps) {
    it(`ends only that session: ${name}`, async () => {
      const tls = { ...(await createCertificate("localhost")), ...options };
      const use = plugin("tls", {
        admit: (arrival, session) => arrival.pipe(concatMap(() => from(session.startTls(tls)).pipe(map(() => session)))),
      });
      const { port, proxy, ended, config } = await startForward(cleanup, "echo", {
        plugins: [use],
        listener: { listen: "tcp://127.0.0.1:0" },
      });
      const client = connectSecurely(port(), { servername: "localhost", rejectUnauthorized: false });
      const outcome = await client.then(
        (socket) => new Promise<string>((resolve) => socket.resume().once("close", () => resolve("closed"))),
        () => "refused",
      );
      expect(outcome).to.be.oneOf(["closed", "refused"]);
      expect((await ended()).reason).to.equal("SLUICE_CLIENT_TLS");
      await proxy.apply(config([], { listen: "tcp://127.0.0.1:0" }));
      expect(await exchangeOnce(port(), "alive")).to.equal("alive");
    });
  }
});
