import { expect } from "chai";
import { createNameServers } from "../../../../core/net/names/name-servers.ts";
import { address, withNameServer } from "../../../support/name-server.ts";

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
});
