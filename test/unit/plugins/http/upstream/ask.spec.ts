import { expect } from "chai";
import type { HttpHeaders, HttpResponse, SluiceError } from "sluice";
import { Readable } from "node:stream";
import { Observable, type Subscription } from "rxjs";
import { eventually } from "../../../../support/eventually.ts";
import { ask } from "../../../../../plugins/http/upstream/ask.ts";
import type { Outbound } from "../../../../../plugins/http/upstream/routing/outbound.ts";
import { FakeEndpoint } from "../fake-endpoint.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function outbound(headers: HttpHeaders = { host: "a" }, url = "/x"): Outbound {
  const begun = (): void => undefined;
  return {
    method: "GET",
    scheme: "http",
    authority: "a",
    url,
    headers,
    content: undefined,
    interim: undefined,
    client: "a",
    upgrade: undefined,
    begun,
  };
}

interface Asked {
  readonly endpoint: FakeEndpoint;
  readonly subscription: Subscription;
  readonly seen: (number | string)[];
  readonly responses: HttpResponse[];
}

function asked(endpoint = new FakeEndpoint({ connections: 1 }), timeout = 60_000, request = outbound()): Asked {
  const seen: (number | string)[] = [];
  const responses: HttpResponse[] = [];
  const answer = new Observable<HttpResponse>((subscriber) => {
    const attempt = ask(request, { connections: endpoint.connections, timeout, subscriber });
    attempt.start();
    return attempt;
  });
  const subscription = answer.subscribe({
    next: (response) => {
      seen.push(response.status);
      responses.push(response);
    },
    error: (error: SluiceError) => void seen.push(error.code ?? String(error)),
    complete: () => void seen.push("complete"),
  });
  return { endpoint, subscription, seen, responses };
}

describe("Asking an upstream without a body", () => {
  it("sends the header without the fields of one connection, and returns the response", () => {
    const request = outbound({ host: "a", "x-many": ["1", "2"], connection: "x-own", "x-own": "3", upgrade: "h2c" });
    const { endpoint, seen } = asked(undefined, undefined, request);
    const leg = endpoint.opens();
    expect(leg.written).to.deep.equal(["GET /x HTTP/1.1\r\nhost: a\r\nx-many: 1\r\nx-many: 2\r\n\r\n"]);
    leg.says(ok);
    expect(seen).to.deep.equal([200, "complete"]);
  });

  for (const [what, request] of [
    ["a target with a line break", outbound({}, "/a\r\nX: y")],
    ["a target with a blank", outbound({}, "/a b")],
    ["a value with a line break", outbound({ x: "a\r\ny: b" })],
    ["a name with a colon", outbound({ "x:y": "a" })],
  ] as const) {
    it(`sends nothing with ${what}`, () => {
      const { endpoint, seen } = asked(undefined, undefined, request);
      expect(String(seen)).to.include("TypeError");
      expect(endpoint.dials.size).to.equal(0);
    });
  }

  it("aborts the dialling of a connection when no request waits for it any more", () => {
    const { endpoint, subscription, seen } = asked();
    subscription.unsubscribe();
    expect([endpoint.dials.size, seen]).to.deep.equal([0, []]);
  });

  it("stops waiting for a connection when the caller no longer waits for the response", () => {
    const first = asked();
    const second = asked(first.endpoint);
    const third = asked(first.endpoint);
    second.subscription.unsubscribe();
    const leg = first.endpoint.opens();
    leg.says(ok);
    leg.says(ok);
    expect([second.seen, third.seen, leg.written.length]).to.deep.equal([[], [200, "complete"], 2]);
  });

  it("resets the connection of a request when the caller no longer waits for the response", () => {
    const { endpoint, subscription, seen } = asked();
    const leg = endpoint.opens();
    leg.says("HTTP/1.1 200 OK\r\n");
    subscription.unsubscribe();
    leg.says("Content-Length: 0\r\n\r\n");
    expect([leg.fate, seen]).to.deep.equal(["reset", []]);
  });

  it("leaves the body to the subscriber after the response", () => {
    const { endpoint, subscription, responses } = asked();
    const leg = endpoint.opens();
    leg.says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    subscription.unsubscribe();
    expect(leg.fate).to.equal("open");
    const body = responses[0]?.body;
    expect(body).to.be.instanceOf(Readable);
    (body as Readable).destroy();
    expect(leg.fate).to.equal("reset");
  });

  it("is too late at its time while a connection is being dialled", async () => {
    const { endpoint, seen } = asked(undefined, 1);
    await eventually(() => expect(seen).to.deep.equal(["SLUICE_UPSTREAM_TIMEOUT"]));
    expect(endpoint.dials.size).to.equal(0);
  });

  it("is too late at its time while others have the connections", async () => {
    const first = asked();
    const { seen } = asked(first.endpoint, 1);
    await eventually(() => expect(seen).to.deep.equal(["SLUICE_UPSTREAM_TIMEOUT"]));
    const leg = first.endpoint.opens();
    leg.says(ok);
    expect([first.seen, leg.written.length, first.endpoint.connections.waiting]).to.deep.equal([[200, "complete"], 1, 0]);
  });

  it("is too late at its time without the whole header of a response, and in time with it", async () => {
    const { endpoint, seen } = asked(new FakeEndpoint({ connections: 2 }), 1);
    const inTime = asked(endpoint, 1);
    const [late, leg] = [endpoint.opens(), endpoint.opens()];
    late.says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n");
    leg.says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    await eventually(() => expect(seen).to.deep.equal(["SLUICE_UPSTREAM_TIMEOUT"]));
    expect([late.fate, leg.fate, inTime.seen]).to.deep.equal(["reset", "open", [200, "complete"]]);
  });
});
