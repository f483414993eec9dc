import { expect } from "chai";
import { SluiceError } from "../../../core/contract/index.ts";
import { clientError, listenError, upstreamError } from "../../../core/net/os-errors.ts";

const system = (code: string, fields: object = {}): Error =>
  Object.assign(new Error(`connect ${code}`), { code, syscall: "connect" }, fields);

describe("operating system errors", () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ["ECONNREFUSED", "SLUICE_UPSTREAM_REFUSED", true],
    ["ENOENT", "SLUICE_UPSTREAM_REFUSED", true],
    ["ECONNRESET", "SLUICE_UPSTREAM_RESET", true],
    ["EPIPE", "SLUICE_UPSTREAM_RESET", true],
    ["ESOMETHING", "SLUICE_UPSTREAM_RESET", true],
    ["ETIMEDOUT", "SLUICE_UPSTREAM_TIMEOUT", true],
    ["EHOSTUNREACH", "SLUICE_UPSTREAM_UNREACHABLE", true],
    ["EADDRNOTAVAIL", "SLUICE_UPSTREAM_UNREACHABLE", true],
    ["EAI_AGAIN", "SLUICE_UPSTREAM_DNS_TEMPORARY", true],
    ["ETIMEOUT", "SLUICE_UPSTREAM_DNS_TEMPORARY", true],
    ["ENOTFOUND", "SLUICE_UPSTREAM_DNS_NOT_FOUND", false],
    ["ENODATA", "SLUICE_UPSTREAM_DNS_NOT_FOUND", false],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "SLUICE_UPSTREAM_TLS", false],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "SLUICE_UPSTREAM_TLS", false],
    ["CERT_HAS_EXPIRED", "SLUICE_UPSTREAM_TLS", false],
    ["EPROTO", "SLUICE_UPSTREAM_TLS", false],
  ];
  for (const [code, expected, retryable] of table) {
    it(`maps ${code} of an upstream to ${expected}, which is ${retryable ? "" : "not "}retryable`, () => {
      const error = system(code);
      const mapped = upstreamError(error, "api.test:80");
      expect(mapped).to.include({ code: expected, retryable, cause: error });
      expect(mapped.message).to.contain("api.test");
    });
  }

  it("tells a name server that refuses from an upstream that refuses", () => {
    const mapped = upstreamError(system("ECONNREFUSED", { syscall: "queryA", hostname: "api.test" }), "api.test:80");
    expect(mapped.code).to.equal("SLUICE_UPSTREAM_DNS_TEMPORARY");
  });

  it("names the address that was tried beside the endpoint's name", () => {
    const mapped = upstreamError(system("ECONNREFUSED", { address: "::1", port: 80 }), "api.test:80");
    expect(mapped.message).to.contain("api.test:80").and.to.contain("[::1]:80");
  });

  it("takes the first of several errors", () => {
    const mapped = upstreamError(new AggregateError([system("ETIMEDOUT"), system("ECONNREFUSED")]), "api.test:80");
    expect(mapped.code).to.equal("SLUICE_UPSTREAM_TIMEOUT");
  });

  it("passes a SluiceError through unchanged", () => {
    const error = new SluiceError("SLUICE_RATE_LIMITED", "too fast");
    expect(upstreamError(error, "x")).to.equal(error);
    expect(clientError(error, "x")).to.equal(error);
    expect(listenError(error, "x", "tcp://x")).to.equal(error);
  });

  it("maps what is not an error of the system to an internal one", () => {
    expect(upstreamError(new TypeError("oops"), "x").code).to.equal("SLUICE_INTERNAL");
    expect(upstreamError("oops", "x").message).to.contain("oops");
  });

  it("maps a client's errors to the client's codes", () => {
    expect(clientError(system("ECONNRESET"), "127.0.0.1:5").code).to.equal("SLUICE_CLIENT_RESET");
    expect(clientError(system("ERR_SSL_NO_SHARED_CIPHER"), "127.0.0.1:5").code).to.equal("SLUICE_CLIENT_TLS");
    expect(clientError(system("ETIMEDOUT"), "127.0.0.1:5").code).to.equal("SLUICE_CLIENT_TIMEOUT");
    expect(clientError(system("EPIPE"), "127.0.0.1:5").message).to.contain("127.0.0.1:5");
  });

  it("names the listener and its address when it cannot be bound", () => {
    const mapped = listenError(system("EADDRINUSE"), "web", "tcp://127.0.0.1:80");
    expect(mapped.code).to.equal("SLUICE_ADDRESS_IN_USE");
    expect(mapped.message).to.contain('"web"').and.to.contain("tcp://127.0.0.1:80");
    expect(listenError(system("EACCES"), "web", "tcp://127.0.0.1:80").code).to.equal("SLUICE_ADDRESS_FORBIDDEN");
    expect(listenError(system("EADDRNOTAVAIL"), "web", "tcp://192.0.2.1:80").code).to.equal("SLUICE_ADDRESS_UNAVAILABLE");
  });
});
