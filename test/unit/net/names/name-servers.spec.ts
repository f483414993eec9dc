import { expect } from "chai";
import { createNameServers } from "../../../../core/net/names/name-servers.ts";
import { address, REFUSED, withNameServer } from "../../../support/name-server.ts";

describe("Name servers", function () {
  this.timeout(30_000);

  it("have all of their time for an answer, also after many that came at once", async () => {
    let slow = 0;
    const says = (question: string): { answers: ReturnType<typeof address>[] } | undefined => {
      const name = question.slice(2);
      if (name === "slow.test") slow += 1;
      return name === "slow.test" && slow < 4 ? undefined : { answers: [address(name, "127.0.0.1", 60)] };
    };
    await withNameServer(says, async ({ endpoint }) => {
      const servers = createNameServers({ servers: [endpoint], timeout: 2_000, attempts: 2, rotate: false, ipv6: () => false });
      // Node's resolver learns from these how long the server takes, and would then wait a fraction of a second only.
      for (let at = 0; at < 20; at += 1) await servers.query(`fast${at}.test`);
      expect((await servers.query("slow.test")).map((each) => each.address)).to.deep.equal(["127.0.0.1"]);
      servers.close();
    });
  });

  const silentAt = (lost: string) => (question: string) =>
    question === `A ${lost}` ? undefined : { answers: [address(question.slice(2), "10.0.0.1", 60)] };

  it("are asked in their order again after one of them has lost a question", () =>
    withNameServer(silentAt("lost.test"), (first) =>
      withNameServer(
        () => ({ rcode: REFUSED }),
        async (second) => {
          const both = [first.endpoint, second.endpoint];
          const servers = createNameServers({ servers: both, timeout: 500, attempts: 1, rotate: false, ipv6: () => false });
          const failure: unknown = await servers.query("lost.test").catch((error: unknown) => error);
          expect(failure).to.include({ code: "EREFUSED" });
          for (const name of ["one.test", "two.test"]) {
            expect((await servers.query(name)).map((each) => each.address)).to.deep.equal(["10.0.0.1"]);
          }
          expect(second.questions).to.deep.equal(["A lost.test"]);
          servers.close();
        },
      ),
    ));

  it("are waited for less long if they were silent the last time", () =>
    withNameServer(
      () => undefined,
      (first) =>
        withNameServer(silentAt("none.test"), async (second) => {
          const options = { servers: [first.endpoint, second.endpoint], timeout: 1_000, attempts: 1, rotate: false, ipv6: () => false };
          const knowing = createNameServers(options);
          await knowing.query("any.test");
          const fresh = createNameServers(options);
          const order: string[] = [];
          await Promise.all([
            fresh.query("api.test").then(() => order.push("the fresh one")),
            knowing.query("api.test").then(() => order.push("the one that knows")),
          ]);
          expect(order).to.deep.equal(["the one that knows", "the fresh one"]);
        }),
    ));

  it("that were silent are asked again, and those that refused are not", () =>
    withNameServer(
      () => undefined,
      (first) =>
        withNameServer(
          () => ({ rcode: REFUSED }),
          async (second) => {
            const both = [first.endpoint, second.endpoint];
            const servers = createNameServers({ servers: both, timeout: 400, attempts: 3, rotate: false, ipv6: () => false });
            const failure: unknown = await servers.query("api.test").catch((error: unknown) => error);
            expect(failure).to.include({ code: "ETIMEOUT" });
            expect(first.questions).to.have.length(3);
            expect(second.questions).to.have.length(1);
          },
        ),
    ));

  for (const [said, counts] of [
    [0, 0],
    [300, 300],
    [604_800, 604_800],
    [0x7f_ff_ff_ff, 604_800],
    [0xff_ff_ff_ff, 604_800],
  ] as const)
    it(`that say a time to live of ${said} s are believed for ${counts} s`, () =>
      withNameServer(
        () => ({ answers: [address("api.test", "10.0.0.1", said)] }),
        async ({ endpoint }) => {
          const servers = createNameServers({ servers: [endpoint], timeout: 2_000, attempts: 2, rotate: false, ipv6: () => false });
          expect(await servers.query("api.test")).to.deep.equal([{ address: "10.0.0.1", family: 4, ttl: counts }]);
        },
      ));
});
