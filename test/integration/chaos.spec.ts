import * as fc from "fast-check";
import { applies, plugins, runChaos, script, streamApplies, streamPlugins } from "../support/chaos-arbitraries.ts";
import { runDatagrams } from "../support/chaos-datagrams.ts";
import { httpScenario, runHttp } from "../support/chaos-http.ts";
import { runStreams, type ChaosScenario } from "../support/chaos-streams.ts";
import { createCertificate } from "../support/certificates.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";

const scenario = (most: number): fc.Arbitrary<ChaosScenario> =>
  fc.record({
    sessions: fc.array(fc.record({ client: script, upstream: script }), { minLength: 1, maxLength: most }),
    plugins: streamPlugins,
    applies: streamApplies,
    unprobed: fc.boolean(),
  });

describe("Chaos of peers, plugins and reloads [trust]", function () {
  this.timeout(120_000);
  expectNothingUncaught();

  it("does not lose, repeat or mix bytes, ends each session once and leaves nothing open, over TCP", async () => {
    await runChaos("tcp", scenario(3), (run) => runStreams(run), { runs: 150, ms: 6_000 });
  });

  it("does not lose, repeat or mix bytes over terminated TLS, with garbage between the records", async () => {
    const certificate = await createCertificate("localhost");
    await runChaos("tls", scenario(2), (run) => runStreams(run, certificate), { runs: 60, ms: 4_000 });
  });

  it("answers each client over UDP with its own datagrams, unchanged, and again after a failure of the upstream", async () => {
    const datagram = fc.record({ size: fc.integer({ min: 0, max: 3000 }), ms: fc.integer({ min: 0, max: 3 }) });
    const clients = fc.array(fc.array(datagram, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });
    const run = fc.record({ clients, plugins, applies, outage: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }) });
    await runChaos("udp", run, (given) => runDatagrams(given), { runs: 60, ms: 4_000 });
  });

  it("gives each HTTP request its own response, whole unless somebody breaks it off, over HTTP/1 and HTTP/2", async () => {
    await runChaos("http", httpScenario, runHttp, { runs: 150, ms: 8_000 });
  });
});
