import { expect } from "chai";
import type { PluginUse, Transport } from "sluice";
import { compliance } from "sluice/testing";
import { allow } from "../../docs/examples/allow.ts";
import { byServerName } from "../../docs/examples/by-server-name.ts";
import { byToken } from "../../docs/examples/by-token.ts";
import { canary } from "../../docs/examples/canary.ts";
import { counted } from "../../docs/examples/counted.ts";
import { daytime } from "../../docs/examples/daytime.ts";
import { gather } from "../../docs/examples/gather.ts";
import { heartbeat } from "../../docs/examples/heartbeat.ts";
import { lines } from "../../docs/examples/lines.ts";
import { loudLines } from "../../docs/examples/loud-lines.ts";
import { pin } from "../../docs/examples/pin.ts";
import { quota } from "../../docs/examples/quota.ts";
import { redactByHand } from "../../docs/examples/redact-by-hand.ts";
import { redact } from "../../docs/examples/redact.ts";
import { scan, SCANNER } from "../../docs/examples/scan.ts";
import { secure } from "../../docs/examples/secure.ts";
import { calibrate } from "../../docs/examples/sensor.ts";
import { shout } from "../../docs/examples/shout.ts";
import { slowLine } from "../../docs/examples/slow-line.ts";
import { sorry } from "../../docs/examples/sorry.ts";
import { createCertificate } from "../support/certificates.ts";
import { filesUnder, readText } from "../support/repository.ts";

const { cert, key } = await createCertificate("localhost");

/** What a use of each plugin of docs/examples is, by its file. */
const uses: Readonly<Record<string, () => PluginUse>> = {
  allow: () => allow({ clients: ["127.0.0.1"] }),
  "by-server-name": () => byServerName({ routes: {} }),
  "by-token": () => byToken({ token: "secret" }),
  canary: () => canary({ upstream: "127.0.0.1:9", share: 0.5 }),
  counted: () => counted(),
  daytime: () => daytime(),
  gather: () => gather({ bytes: 7, wait: "10ms" }),
  heartbeat: () => heartbeat({ every: "15s" }),
  lines: () => lines(),
  "loud-lines": () => loudLines(),
  pin: () => pin({ names: { "a.example": "127.0.0.1" } }),
  quota: () => quota({ bytes: "1GiB" }),
  redact: () => redact(),
  "redact-by-hand": () => redactByHand(),
  scan: () => scan(),
  secure: () => secure({ cert, key }),
  sensor: () => calibrate({ offset: 1 }),
  shout: () => shout(),
  "slow-line": () => slowLine({ delay: "5ms", rate: "10MiB" }),
  sorry: () => sorry(),
};

const transports: Readonly<Record<string, Transport>> = { "by-server-name": "tls" };
const providers = [{ token: SCANNER, useValue: { isClean: (chunk: Buffer) => Promise.resolve(!chunk.includes("<virus>")) } }];

describe("The plugins of the docs", () => {
  it("all run the compliance suite", () => {
    const folder = "docs/examples";
    const files = filesUnder(folder, ".ts").filter((file) => /definePlugin\(/.test(readText(file)) && file.split("/").length === 3);
    const names = files.map((file) => file.slice(folder.length + 1, -".ts".length));
    expect(Object.keys(uses).toSorted()).to.deep.equal(names.toSorted());
  });
});

for (const [name, use] of Object.entries(uses))
  describe(`The plugin ${name} of the docs`, () => {
    for (const check of compliance(use, { transport: transports[name] ?? "tcp", providers })) it(check.name, check.run);
  });
