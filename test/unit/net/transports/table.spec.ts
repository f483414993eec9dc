import { expect } from "chai";
import { parseListen } from "../../../support/parse-listen.ts";
import { problemOf } from "../../../support/rejection.ts";

describe("the addresses of the transports", () => {
  it("reads every transport", () => {
    expect(parseListen("tcp://0.0.0.0:80")).to.deep.equal({ transport: "tcp", host: "0.0.0.0", port: 80, path: undefined });
    expect(parseListen("TLS://[::1]:0/")).to.deep.equal({ transport: "tls", host: "::1", port: 0, path: undefined });
    expect(parseListen("unix:///run/a.sock")).to.deep.equal({ transport: "unix", host: "", port: 0, path: "/run/a.sock" });
  });

  it("takes a host name of up to 253 characters", () => {
    const host = `${"a.".repeat(126)}a`;
    expect(parseListen(`tcp://${host}:80`)).to.include({ host });
  });

  it("takes loopback when no host is given", () => {
    expect(parseListen("tcp://:8080")).to.include({ host: "127.0.0.1", port: 8080 });
    expect(parseListen("udp://8080")).to.include({ host: "127.0.0.1", port: 8080 });
  });

  const refused: Readonly<Record<string, string>> = {
    "127.0.0.1:80": "tcp://127.0.0.1:8080",
    "http://127.0.0.1:80": "tcp://127.0.0.1:8080",
    "tcp://127.0.0.1": "without a port",
    "tcp://*:80": "0.0.0.0",
    "tcp://a:70000": "port from 0",
    "tcp:// a:80": "blanks",
    "unix://relative": "absolute path",
    [`unix:///${"é".repeat(60)}`]: "bytes",
    [`tcp://${"a.".repeat(126)}aa:80`]: "host name",
  };
  for (const [text, reason] of Object.entries(refused)) {
    it(`refuses ${text}`, () => {
      expect(problemOf(() => parseListen(text))).to.contain(reason);
    });
  }
});
