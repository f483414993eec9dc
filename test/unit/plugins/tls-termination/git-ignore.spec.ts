import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLocalCa } from "../../../../plugins/tls-termination/authority/local-ca.ts";

describe("The key of the local CA is kept out of repositories", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-ca-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (): Promise<unknown> => openLocalCa(join(folder, ".sluice"), () => undefined);
  const ignore = (): string => join(folder, ".sluice", ".gitignore");

  it("also when the .gitignore beside a complete CA was removed", async () => {
    await open();
    rmSync(ignore());
    await open();
    expect(readFileSync(ignore(), "utf8")).to.equal("*\n");
  });

  const texts: Readonly<Record<string, string>> = {
    "captures/": "captures/\nca-key.pem\n",
    "*.pem\n!ca-key.pem\n": "*.pem\n!ca-key.pem\nca-key.pem\n",
    "# ca-key.pem\n": "# ca-key.pem\nca-key.pem\n",
    "*.pem\n!ca.pem\n": "*.pem\n!ca.pem\n",
    "/ca-key.pem": "/ca-key.pem",
    "ca-*.???\r\n": "ca-*.???\r\n",
    "*": "*",
  };
  for (const [before, after] of Object.entries(texts))
    it(`beside a .gitignore of the user, which ${before === after ? "stays" : "is extended"}: ${JSON.stringify(before)}`, async () => {
      await open();
      writeFileSync(ignore(), before);
      await open();
      expect(readFileSync(ignore(), "utf8")).to.equal(after);
    });
});
