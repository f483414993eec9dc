import { expect } from "chai";
import type { SluiceConfig } from "sluice";
import { movedEndpoints } from "../../../../core/runtime/generation/moved-endpoints.ts";
import { resolveConfig } from "../../../support/resolve-config.ts";

type Upstream = SluiceConfig["listeners"][string]["upstream"];

/** What a change of the upstream means for the flows of a UDP listener. */
function moved(before: Upstream, after: Upstream, listen = "udp://127.0.0.1:1"): { gone: string[]; isOther: boolean } {
  const [old, now] = [before, after].map((upstream) => {
    const [listener] = resolveConfig({ listeners: { dgram: { listen, ...(upstream === undefined ? {} : { upstream }) } } }).listeners;
    if (listener === undefined) throw new Error("there is no listener");
    return listener;
  });
  if (old === undefined || now === undefined) throw new Error("there is no listener");
  const { gone, isOther } = movedEndpoints(old, now);
  return { gone: [...gone], isOther };
}

const one = "127.0.0.1:2";
const two = "127.0.0.1:3";

describe("The endpoints that a reload moves", () => {
  it("are none when the endpoints stay, also with another balance", () => {
    expect(moved(one, one)).to.deep.equal({ gone: [], isOther: false });
    expect(moved({ endpoints: [one, two] }, { endpoints: [one, two], balance: "random" })).to.deep.equal({ gone: [], isOther: false });
  });

  it("are those that the new upstream does not have; one that is added only changes the choice", () => {
    expect(moved({ endpoints: [one, two] }, one)).to.deep.equal({ gone: [two], isOther: true });
    expect(moved(one, { endpoints: [one, two] })).to.deep.equal({ gone: [], isOther: true });
    expect(moved(one, undefined)).to.deep.equal({ gone: [one], isOther: true });
  });

  it("are all when datagrams go to them in another way", () => {
    expect(moved({ endpoints: [one, two] }, { endpoints: [one, two], bind: "127.0.0.1" })).to.deep.equal({
      gone: [one, two],
      isOther: true,
    });
  });

  it("are none of a stream listener: its sessions have connections, which stay", () => {
    expect(moved(one, two, "tcp://127.0.0.1:1")).to.deep.equal({ gone: [], isOther: false });
  });
});
