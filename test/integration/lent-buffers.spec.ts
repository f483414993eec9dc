import * as fc from "fast-check";
import { appliesOf, borrowers, bulkScript, runChaos } from "../support/chaos-arbitraries.ts";
import { runStreams, type ChaosScenario } from "../support/chaos-streams.ts";
import { createCertificate } from "../support/certificates.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";

const scenario = (most: number): fc.Arbitrary<ChaosScenario> =>
  fc.record({
    sessions: fc.array(fc.record({ client: bulkScript, upstream: bulkScript }), { minLength: 2, maxLength: most }),
    plugins: borrowers,
    applies: appliesOf(borrowers),
    unprobed: fc.boolean(),
  });

describe("Buffers that are lent [trust]", function () {
  this.timeout(180_000);
  expectNothingUncaught();

  it("are filled again, and given to other sessions, only when none of their bytes are in use, over TCP", async () => {
    await runChaos("lent tcp", scenario(4), (run) => runStreams(run), { runs: 80, ms: 6_000 });
  });

  it("are filled again only when none of their bytes are in use, over terminated TLS", async () => {
    const certificate = await createCertificate("localhost");
    await runChaos("lent tls", scenario(3), (run) => runStreams(run, certificate), { runs: 40, ms: 5_000 });
  });
});
