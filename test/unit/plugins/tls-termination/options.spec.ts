import { expect } from "chai";
import { tlsTermination } from "sluice/plugins";
import { refusedPaths } from "../support/fakes.ts";

describe("the options of tlsTermination", () => {
  const pair = { cert: "c.pem", key: "k.pem" };
  const wrong: [string, object][] = [
    ["selfSigned", {}],
    ["selfSigned", { selfSigned: ["a.test"], ...pair }],
    ["selfSigned", { selfSigned: [] }],
    ["selfSigned.0", { selfSigned: ["not a name"] }],
    ["key", { cert: "c.pem" }],
    ["cert", { key: "k.pem" }],
    ["ca", { ...pair, ca: false }],
    ["certificates", { certificates: [] }],
    ["certificates.0.key", { certificates: [{ names: ["a.test"], cert: "c.pem" }] }],
    ["alpn", { ...pair, alpn: [] }],
    ["alpn.0", { ...pair, alpn: ["\u00e9".repeat(128)] }],
    ["selfSigned.0", { selfSigned: ["fe80::1%eth0"] }],
    ["minVersion", { ...pair, minVersion: "TLSv1.1" }],
    ["clientAuth.ca", { ...pair, clientAuth: {} }],
    ["clientAuth.require", { ...pair, clientAuth: { ca: "x", require: "yes" } }],
    ["handshakeTimeout", { ...pair, handshakeTimeout: "soon" }],
    ["handshakeTimeout", { ...pair, handshakeTimeout: 0 }],
    ["handshakeTimeout", { ...pair, handshakeTimeout: "25d" }],
    ["keyLog", { ...pair, keyLog: "" }],
    ["certs", { ...pair, certs: [] }],
  ];
  for (const [path, input] of wrong) {
    it(`refuses ${JSON.stringify(input)}`, () => {
      expect(refusedPaths(tlsTermination, input)).to.include(path);
    });
  }
});
