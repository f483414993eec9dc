import { expect } from "chai";
import { X509Certificate } from "node:crypto";
import { map } from "rxjs";
import { definePlugin, type Hooks, type PluginUse } from "sluice";
import { each } from "sluice/flow";
import { echo, tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { scrape, valueOf } from "../support/scrape.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { startAdmin } from "../support/with-admin.ts";

describe("metrics of plugins, on the admin server", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("report when certificates expire, by their names in the config, only as long as the certificates are in use", async () => {
    const certificate = await createCertificate("mail.test");
    const other = await createCertificate("shop.test", { notAfter: new Date(Date.now() + 5 * 86_400_000) });
    const config = (plugins: readonly PluginUse[]) => ({
      listeners: { web: { listen: "tls://127.0.0.1:0", plugins } },
      admin: { listen: "tcp://127.0.0.1:0" },
    });
    const several = [{ names: ["shop.test", "*.shop.test"], cert: other.cert, key: other.key }];
    const { proxy, api } = await startAdmin(config([tlsTermination({ cert: certificate.cert, key: certificate.key }), echo()]));
    cleanup.add(() => proxy.close());
    const name = "sluice_tls_certificate_not_after_timestamp_seconds";
    const ends = ({ cert }: { readonly cert: string }): number => Date.parse(new X509Certificate(cert).validTo) / 1000;
    expect(valueOf(await scrape(api), name, { listener: "web", name: "mail.test" })).to.equal(ends(certificate));
    await proxy.apply(config([tlsTermination({ certificates: several }), echo()]));
    const after = await scrape(api);
    for (const shown of ["shop.test", "*.shop.test"])
      expect(valueOf(after, name, { listener: "web", name: shown }), shown).to.equal(ends(other));
    expect(after.get(name)?.series).to.have.lengthOf(2);
  });

  it("count a plugin's errors by the direction of its hook, for every kind of failure and every consequence", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const boom = (): never => {
      throw new Error("boom");
    };
    const failing: Readonly<Record<string, Hooks>> = {
      stage: { fromClient: (data) => data.pipe(each(boom)) },
      operator: { fromUpstream: (data) => data.pipe(map(boom)) },
      call: { fromUpstream: boom },
      arrival: { admit: boom },
    };
    const onErrors = ["close", "bypass"] as const;
    const names = Object.keys(failing).flatMap((name) => onErrors.map((onError) => ({ name, onError, listener: `${name}-${onError}` })));
    const listeners = Object.fromEntries(
      names.map(({ name, onError, listener }) => [
        listener,
        { listen: "tcp://127.0.0.1:0", upstream: upstream.address, plugins: [definePlugin(name, () => failing[name] ?? {})({ onError })] },
      ]),
    );
    const { proxy, api, port } = await startAdmin({ listeners });
    cleanup.add(() => proxy.close());
    for (const { listener, onError } of names) {
      const socket = cleanup.keep(await connect(port(listener)));
      socket.on("error", () => undefined);
      socket.write("x");
      // Bypassed, the byte comes back; closed, the connection ends.
      if (onError === "bypass") await readBytes(socket, 1);
      else await readAll(socket).catch(() => undefined);
    }
    const families = await scrape(api);
    const metric = "sluice_plugin_errors_total";
    const counted = names.map(({ listener }) =>
      families
        .get(metric)
        ?.series.filter(({ labels, value }) => labels["listener"] === listener && value > 0)
        .map(({ labels, value }) => [labels["direction"], labels["action"], value]),
    );
    const once = (direction: string | undefined) => onErrors.map((onError) => [[direction, onError, 1]]);
    const directions = ["fromClient", "fromUpstream", "fromUpstream", undefined];
    expect(counted).to.deep.equal(directions.flatMap(once));
  });
});
