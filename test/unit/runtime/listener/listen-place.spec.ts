import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseListen } from "../../../support/parse-listen.ts";
import { listenPlace } from "../../../../core/runtime/listener/listen-place.ts";

describe("the place of an address in a config", () => {
  let folder = "";
  before(() => (folder = mkdtempSync(path.join(tmpdir(), "sluice-place-"))));
  after(() => rmSync(folder, { recursive: true }));

  const placeOf = (text: string, listen: string): string => {
    const file = path.join(folder, "proxy.config.ts");
    writeFileSync(file, text);
    return path.relative(folder, listenPlace(file, parseListen(listen)));
  };

  it("is that of the only text that says it, however it says it", () => {
    expect(placeOf('a;\r\n  b: { listen: "tcp://127.0.0.1:80" }', "tcp://127.0.0.1:80")).to.equal("proxy.config.ts:2:16");
    expect(placeOf("x = `tcp://:80`, y = 'tcp://[::1]:80'", "tcp://127.0.0.1:80")).to.equal("proxy.config.ts:1:5");
    expect(placeOf("x = 'udp://127.0.0.1:80', y = 'tcp://127.0.0.1:80'", "tcp://127.0.0.1:80")).to.equal("proxy.config.ts:1:31");
    expect(placeOf('u = "unix:///run/a.sock"', "unix:///run/a.sock")).to.equal("proxy.config.ts:1:5");
  });

  it("is the file when it is put together, or written twice, or the file is gone", () => {
    expect(placeOf("`tcp://127.0.0.1:${port}`", "tcp://127.0.0.1:80")).to.equal("proxy.config.ts");
    expect(placeOf("'tcp://127.0.0.1:80' 'tcp://127.0.0.1:80'", "tcp://127.0.0.1:80")).to.equal("proxy.config.ts");
    expect(listenPlace(path.join(folder, "none.ts"), parseListen("tcp://127.0.0.1:80"))).to.equal(path.join(folder, "none.ts"));
  });
});
