import { expect } from "chai";
import { SluiceError } from "sluice";
import * as faults from "sluice/faults";
import * as plugins from "sluice/plugins";
import { forwardFlags } from "../../../../core/cli/arguments/forward-flags.ts";
import { configText, listenOf, upstreamOf } from "../../../../core/cli/forward/config-text.ts";
import { ConfigLoader } from "../../../../core/config/load/config-loader.ts";
import { transports } from "../../../../core/net/transports/table.ts";

/** A value that each option takes, and whether it is for datagrams. */
const values: Readonly<Record<string, readonly [string, ("udp" | "tls")?]>> = {
  "proxy-protocol": ["10.0.0.0/8,::1/128"],
  tls: ["localhost,*.test", "tls"],
  log: ["hex"],
  tracing: ["http://127.0.0.1:4318"],
  rate: ["100/5m"],
  "start-tls": ["postgres"],
  capture: ["session.pcapng"],
  record: ["session.yaml"],
  replay: ["session.yaml"],
  socks5: ["*.example.com:443,10.0.0.0/8"],
  "http-connect": ["*.example.com:443"],
  truncate: ["0.1,512", "udp"],
  network: ["3g"],
  latency: ["200ms,50ms"],
  bandwidth: ["64KiB/s"],
  slicer: ["10"],
  corrupt: ["0.001"],
  "limit-data": ["1KiB"],
  reset: ["2s"],
  timeout: ["5s"],
  "slow-close": ["1s"],
  blackhole: [""],
  loss: ["0.05", "udp"],
  duplicate: ["0.05", "udp"],
  reorder: ["0.05", "udp"],
  refuse: ["0.5"],
  "slow-open": ["1s"],
  "dns-cache": ["", "udp"],
  retry: ["5"],
  http: [""],
  echo: [""],
};

describe("the config that `sluice forward` stands for", () => {
  for (const { name, plugin } of forwardFlags) {
    it(`is one that loads, with --${name}`, async () => {
      const [value = "", transport = "tcp"] = values[name] ?? [];
      expect(values, "every option has a value here").to.have.property(name);
      const flags = new Map([[name, value]]);
      const text = configText({ listen: `${transport}://127.0.0.1:0`, upstream: upstreamOf("localhost:3000"), flags });
      const loaded = await new ConfigLoader("nowhere.config.ts", transports, undefined, text).load();
      const uses = loaded.config.listeners[0]?.uses ?? [];
      expect(uses.length, text).to.be.greaterThan(0);
      if (name !== "network") expect(uses.map(({ use }) => use.id)).to.deep.equal([plugin]);
      loaded.retire();
    });
  }

  it("has an option for each plugin and fault, except those that need more than one value", () => {
    const without = ["route", "script", "proxyHeader", "authorities", "serveToxiproxy", "recordings"];
    const factories = [...Object.keys(plugins), ...Object.keys(faults)].filter((name) => !without.includes(name));
    expect(factories.filter((name) => !forwardFlags.some(({ plugin }) => plugin === name))).to.deep.equal([]);
  });

  it("has the plugins in an order that makes sense, however the options stood", () => {
    const flags = new Map(["retry", "http", "latency", "log", "tls"].map((name) => [name, values[name]?.[0] ?? ""]));
    const text = configText({ listen: "tls://127.0.0.1:8443", upstream: upstreamOf("3000,3001"), flags });
    expect(text).to.include('upstream: ["localhost:3000", "localhost:3001"],');
    expect(Array.from(text.matchAll(/(\w+)\(/g), ([, called]) => called)).to.deep.equal([
      "defineConfig",
      "tlsTermination",
      "logging",
      "latency",
      "retry",
      "http",
    ]);
  });

  it("escapes what it is given", () => {
    const flags = new Map([["tls", '"]}); process.exit(); ([{"']]);
    expect(configText({ listen: "tls://a:1", upstream: upstreamOf("a:1"), flags })).to.include(
      String.raw`selfSigned: ["\"]}); process.exit(); ([{\""]`,
    );
  });

  for (const [given, isSecure, listen] of [
    ["8443", true, "tls://127.0.0.1:8443"],
    ["8080", false, "tcp://127.0.0.1:8080"],
    ["0.0.0.0:8080", false, "tcp://0.0.0.0:8080"],
    ["udp://[::1]:53", false, "udp://[::1]:53"],
  ] as const) {
    it(`listens at ${listen} for ${given}`, () => expect(listenOf(given, isSecure)).to.equal(listen));
  }

  for (const [given, endpoints, isSecure] of [
    ["3000", ["localhost:3000"], false],
    ["db:5432,db2:5432", ["db:5432", "db2:5432"], false],
    ["https://example.com/", ["example.com:443"], true],
    ["http://example.com:81", ["example.com:81"], false],
    ["tls://example.com:993", ["example.com:993"], true],
    ["unix:/run/app.sock", ["unix:/run/app.sock"], false],
    ["unix:///run/app.sock", ["unix:/run/app.sock"], false],
    ["[::1]:80", ["[::1]:80"], false],
  ] as const) {
    it(`takes ${given} for an upstream`, () => expect(upstreamOf(given)).to.deep.equal({ endpoints, isSecure }));
  }

  it("says what is wrong with a value", () => {
    const wrong = (): string => configText({ listen: "tcp://a:1", upstream: undefined, flags: new Map([["rate", "10/x"]]) });
    expect(wrong).to.throw(SluiceError, /--rate: expected a number and a time/);
    expect(() => upstreamOf("ftp://a:1")).to.throw(SluiceError, /expected host:port, unix:\/path or tls:/);
    for (const url of ["https://a.test/v1", "http://a.test:81/v1/?x", "https://a.test//"])
      expect(() => upstreamOf(url)).to.throw(SluiceError, /without a path/);
  });
});
