import { expect } from "chai";
import { NEVER } from "rxjs";
import type { Leg, Upstream } from "sluice";
import { echo } from "sluice/plugins";
import { Echo } from "../../../plugins/echo.ts";
import { createSession, refusedPaths } from "./support/fakes.ts";

function open(transport: "tcp" | "udp"): Leg {
  const { session } = createSession({ transport });
  let upstream: Upstream | undefined;
  new Echo().connect(NEVER, session).subscribe((opened) => {
    upstream = opened;
  });
  if (upstream === undefined) throw new Error("echo opened no leg");
  expect(upstream.endpoint).to.equal("echo");
  return upstream.leg;
}

function record(leg: Leg): string[] {
  const seen: string[] = [];
  leg.read({
    done: true,
    data: (chunk) => {
      seen.push(chunk.toString());
      return true;
    },
    end: () => seen.push("FIN"),
    failed: (error) => seen.push(error.code),
  });
  return seen;
}

describe("echo", () => {
  it("answers by itself with every chunk it is sent, in order, and then with FIN", () => {
    const leg = open("tcp");
    const seen = record(leg);
    leg.write(Buffer.from("one"));
    leg.write(Buffer.from("two"));
    leg.end();
    expect(seen).to.deep.equal(["one", "two", "FIN"]);
  });

  it("echoes an empty datagram as a datagram", () => {
    const leg = open("udp");
    const seen = record(leg);
    leg.write(Buffer.alloc(0));
    expect(leg.datagrams).to.equal(true);
    expect(seen).to.deep.equal([""]);
  });

  it("has no options", () => {
    expect(refusedPaths(echo, { loud: true })).to.deep.equal(["loud"]);
    expect(refusedPaths(echo, {})).to.deep.equal([]);
  });
});
