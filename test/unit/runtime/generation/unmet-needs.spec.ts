import { expect } from "chai";
import { createProxy, definePlugin } from "sluice";
import type { ListenerConfig, PluginUses, SluiceConfig } from "sluice";
import * as builtIn from "sluice/plugins";
import { recordLog } from "../../../support/recorded-log.ts";

const { echo, http, httpConnect, logging, rateLimit, socks5, startTls, tlsTermination, tracing } = builtIn;
const upstream = "127.0.0.1:9";
const rate = { rate: 1 };
const requests = "HTTP requests, and no plugin here serves HTTP, such as http()";
const datagrams = "datagrams, and only a udp:// listener has them";
const plaintext = "data without TLS: put a plugin that terminates TLS in front of it, such as tlsTermination(), or listen on tcp://";
const termination = "a plugin behind it that terminates TLS, such as tlsTermination()";

/** The warnings of a start. */
async function warningsOf(config: SluiceConfig): Promise<string[]> {
  const { logger, records } = recordLog();
  const proxy = await createProxy(config, { logger });
  await proxy.close();
  return records.filter(({ level }) => level === 40).map(({ msg }) => String(msg));
}

const web = (scheme: string, ...plugins: PluginUses): Record<string, ListenerConfig> => ({
  web: { listen: `${scheme}://127.0.0.1:0`, upstream, plugins },
});

describe("what a plugin needs of its listener", () => {
  const missing: readonly (readonly [string, Record<string, ListenerConfig>, string])[] = [
    ["HTTP in TLS that nothing terminates", web("tls", http()), `"http" of listener "web" needs ${plaintext}`],
    ["SOCKS in TLS", web("tls", socks5({ allow: ["*:443"] })), `"socks5" of listener "web" needs ${plaintext}`],
    [
      "a plugin that reads in admit, and the end of TLS behind it",
      web("tls", httpConnect({ allow: ["*:443"] }), tlsTermination({ selfSigned: ["a.test"], ca: false })),
      `"httpConnect" of listener "web" needs ${plaintext}`,
    ],
    ["requests without HTTP", web("tcp", rateLimit({ requests: rate, bytes: rate })), `"rateLimit" of listener "web" needs ${requests}`],
    ["datagrams of a stream", web("tcp", rateLimit({ datagrams: rate })), `"rateLimit" of listener "web" needs ${datagrams}`],
    [
      "a plugin of one's own for requests alone",
      web("tcp", definePlugin("auth", () => ({ exchange: (attempt) => attempt }))()),
      `"auth" of listener "web" needs ${requests}`,
    ],
    [
      "a plugin of one's own that says so",
      web("tls", definePlugin("redact", () => ({ needs: ["plaintext"], fromClient: (data) => data }))()),
      `"redact" of listener "web" needs ${plaintext}`,
    ],
    [
      "the beginning of TLS that nothing does",
      web("tcp", startTls({ protocol: "smtp" })),
      `"startTls" of listener "web" needs ${termination}`,
    ],
  ];
  for (const [what, listeners, warning] of missing) {
    it(`is warned of where it is missing: ${what}`, async () => {
      expect(await warningsOf({ listeners })).to.deep.equal([`listeners.web.plugins[0]: ${warning}`]);
    });
  }

  it("is no matter where it is there", async () => {
    const ends = definePlugin("ends", () => ({ terminatesTls: true, admit: (arrival) => arrival }));
    const listeners: Record<string, ListenerConfig> = {
      a: { listen: "tls://127.0.0.1:0", upstream, plugins: [http(), tlsTermination({ selfSigned: ["a.test"], ca: false })] },
      b: { listen: "tls://127.0.0.1:0", upstream, plugins: [ends(), socks5({ allow: ["*:443"] })] },
      c: { listen: "tcp://127.0.0.1:0", upstream, plugins: [rateLimit({ requests: rate, connections: rate }), logging(), http()] },
      d: { listen: "udp://127.0.0.1:0", upstream, plugins: [rateLimit({ datagrams: rate, bytes: rate, connections: rate })] },
      e: { listen: "tcp://127.0.0.1:0", plugins: [logging(), rateLimit({ bytes: rate }), echo()] },
      f: { listen: "tcp://127.0.0.1:0", upstream, plugins: [startTls({ protocol: "imap" }), ends()] },
    };
    expect(await warningsOf({ listeners })).to.deep.equal([]);
  });

  it("is not read from a field that means something else", async () => {
    const odd = ["requests", ["constructor", 7], new Map(), null].map((needs) =>
      definePlugin("odd", () => ({ needs: needs as unknown as [], fromClient: (data) => data }))(),
    );
    expect(await warningsOf({ listeners: web("tcp", ...odd) })).to.deep.equal([]);
  });

  it("is no matter to plugins that follow sessions as well", async () => {
    expect(await warningsOf({ listeners: web("tcp", logging(), tracing({ endpoint: "http://127.0.0.1:9" })) })).to.deep.equal([]);
  });

  it("is enough on one of the listeners that share a plugin, unless sessions of the others fail", async () => {
    const shared = rateLimit({ requests: rate, datagrams: rate });
    const db: ListenerConfig = { listen: "tcp://127.0.0.1:0", upstream };
    expect(await warningsOf({ plugins: [shared], listeners: { db, ...web("tcp", http()) } })).to.deep.equal([
      `plugins[0]: "rateLimit" of listener "db" needs ${datagrams}`,
    ]);
    const listeners = { ...web("tcp"), safe: { listen: "tls://127.0.0.1:0", upstream } };
    expect(await warningsOf({ plugins: [http()], listeners })).to.deep.equal([`plugins[0]: "http" of listener "safe" needs ${plaintext}`]);
  });
});
