import { expect } from "chai";
import { of, throwError, type Observable } from "rxjs";
import type { Address } from "../../../../core/contract/index.ts";
import { EndpointAttempts } from "../../../../core/net/balance/endpoint-attempts.ts";
import { at, v4 } from "../dialling.ts";

type Found = readonly string[] | "failed";

/** Looks once a second, each time with the next of these findings. @returns for each look whether the way was another than before */
function turnsOf(findings: readonly Found[], host = "api.test"): { changed: boolean[]; asked: number } {
  let found: Found = "failed";
  let now = 0;
  let asked = 0;
  const resolve = (): Observable<Address[]> => {
    asked += 1;
    return found === "failed" ? throwError(() => new Error("no name server answers")) : of(found.map(v4));
  };
  const ways = new EndpointAttempts(
    resolve,
    () => undefined,
    () => now,
  );
  const endpoint = at(1, host);
  let before = ways.to(endpoint);
  const changed = findings.map((next) => {
    found = next;
    now += 1_000;
    const way = ways.to(endpoint);
    const isOther = way !== before;
    before = way;
    return isOther;
  });
  return { changed, asked };
}

describe("the way to an endpoint whose connections are kept", () => {
  const [a, b] = ["10.0.0.1", "10.0.0.2"];
  const cases: Readonly<Record<string, readonly [readonly Found[], readonly boolean[]]>> = {
    "stays while the addresses do": [
      [[a], [a], [a]],
      [false, false, false],
    ],
    "stays whatever their order": [
      [
        [a, b],
        [b, a],
      ],
      [false, false],
    ],
    "stays where one is added": [
      [[a], [a, b]],
      [false, false],
    ],
    "changes with the address": [
      [[a], [b]],
      [false, true],
    ],
    "changes where one of several is gone": [
      [[a, b], [a]],
      [false, true],
    ],
    "changes where one that was added is gone again": [
      [[a], [a, b], [a]],
      [false, false, true],
    ],
    "changes each time": [
      [[a], [b], [b], [a]],
      [false, true, false, true],
    ],
    "stays where no name server answers, or the name has no address": [
      [[a], "failed", [], [a]],
      [false, false, false, false],
    ],
    "changes after a failure too": [
      [[a], "failed", [], [b]],
      [false, false, false, true],
    ],
  };
  for (const [name, [findings, changed]] of Object.entries(cases))
    it(name, () => {
      expect(turnsOf(findings).changed).to.deep.equal(changed);
    });

  it("is looked at once a second at most", () => {
    let asked = 0;
    let now = 0;
    const resolve = (): Observable<Address[]> => {
      asked += 1;
      return of([v4(a)]);
    };
    const ways = new EndpointAttempts(
      resolve,
      () => undefined,
      () => now,
    );
    const endpoint = at(1, "api.test");
    for (; now < 3_000; now += 10) ways.to(endpoint);
    expect(asked).to.equal(3);
  });

  it("is not looked at where the endpoint is an address", () => {
    for (const host of ["127.0.0.1", "::1"]) expect(turnsOf([[], []], host)).to.deep.equal({ changed: [false, false], asked: 0 });
  });
});
