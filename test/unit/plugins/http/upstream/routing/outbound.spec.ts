import { expect } from "chai";
import type { HttpHeaders } from "sluice";
import { Readable } from "node:stream";
import { ClientRequest } from "../../../../../../plugins/http/exchange/client-request.ts";
import { Forwarded } from "../../../../../../plugins/http/upstream/routing/forwarded.ts";
import { httpSchema } from "../../../../../../plugins/http/exchange/options.ts";
import { outboundOf, type Outbound } from "../../../../../../plugins/http/upstream/routing/outbound.ts";
import { createSession } from "../../../support/fakes.ts";
import { TrustedProxies } from "../../../../../../plugins/http/exchange/trusted-proxies.ts";

interface Case {
  readonly method?: string;
  readonly fields?: readonly string[];
  readonly body?: boolean;
  readonly route?: object;
  readonly endpoint?: string;
}

function requestOf({ method = "GET", fields = ["host", "a"], body = false }: Case): ClientRequest {
  const head = { method, target: "/old/x?y", httpVersion: "1.1", fields, authority: undefined };
  const source = Object.assign(Readable.from(["x"]), { rawTrailers: [], taken: 0, onRead: undefined });
  return new ClientRequest(createSession().session, head, body ? source : undefined, { replay: 10, trusted: new TrustedProxies([]) });
}

function outbound(given: Case, request = requestOf(given)): Outbound {
  const route = given.route === undefined ? undefined : httpSchema.parse({ routes: [given.route] }).routes[0];
  return outboundOf(request, given.endpoint ?? "b.test:1", { route, forwarded: new Forwarded(new TrustedProxies([])) });
}

const headers = (given: Case): HttpHeaders => outbound(given).headers;

describe("What an attempt sends", () => {
  it("says of a body that there is none, where it would have a meaning", () => {
    for (const method of ["POST", "PUT", "PATCH"]) expect(headers({ method })).to.include({ "content-length": "0" });
    for (const method of ["GET", "HEAD", "DELETE"]) expect(headers({ method })).to.not.have.property("content-length");
  });

  it("says the length of the body that there is, and none of one that there is not", () => {
    const fields = ["Host", "a", "Content-Length", "1"];
    expect(headers({ method: "DELETE", fields, body: true })).to.include({ "content-length": "1" });
    expect(headers({ method: "DELETE", fields })).to.not.have.property("content-length");
  });

  it("keeps the client's Host, and says the endpoint's where there is none", () => {
    expect(headers({})).to.include({ host: "a" });
    expect(headers({ fields: [] })).to.include({ host: "b.test:1" });
    expect(headers({ fields: [], endpoint: "unix:/run/x" })).to.include({ host: "localhost" });
  });

  it("is what the route makes of the request: another path, and fields set and removed, in whatever letters", () => {
    const route = { path: "/old", rewrite: "/new", headers: { set: { "X-Key": "k", Host: "up" }, remove: ["Cookie"] } };
    const sent = outbound({ fields: ["host", "a", "cookie", "c", "x-key", "mine"], route });
    expect(sent.url).to.equal("/new/x?y");
    expect(sent.headers).to.include({ "x-key": "k", host: "up" });
    expect(sent.headers).to.not.have.property("cookie");
  });

  it("is made again for each attempt, of the request as it is then", () => {
    const request = requestOf({});
    const first = outbound({ route: { headers: { set: { "x-once": "1" } } } }, request);
    first.headers["x-spoilt"] = "1";
    request.headers["x-late"] = "2";
    const second = outbound({}, request).headers;
    expect(second).to.include({ "x-late": "2" });
    expect(second).to.not.have.any.keys("x-once", "x-spoilt");
    expect(request.headers).to.not.have.property("x-forwarded-for");
  });
});
