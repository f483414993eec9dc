import { expect } from "chai";
import { truncateSync, utimesSync, writeFileSync } from "node:fs";
import { settled } from "../../../../core/config/watch/settled.ts";
import { configFolder } from "../config-folder.ts";

describe("settled", () => {
  const files = configFolder();

  it("resolves without a wait when no file was written lately", async () => {
    const file = files.write({ "a.ts": "1" });
    utimesSync(file, 1, 1);
    let isOver = false;
    void settled(new Set([file])).then(() => (isOver = true));
    await Promise.resolve();
    await Promise.resolve();
    expect(isOver).to.equal(true);
  });

  it("waits for a file that is empty, as at the beginning of a save, until it has its text", async () => {
    const file = files.write({ "a.ts": "1" });
    truncateSync(file);
    let isWritten = false;
    const over = settled(new Set([file]));
    setImmediate(() => {
      writeFileSync(file, "2");
      utimesSync(file, 1, 1);
      isWritten = true;
    });
    await over;
    expect(isWritten).to.equal(true);
  });

  it("gives up waiting for a file that stays empty", async () => {
    const file = files.write({ "a.ts": "" });
    // Its timers keep no process alive, unlike those of this test.
    const alive = setInterval(() => undefined, 1_000);
    await settled(new Set([file]));
    clearInterval(alive);
  });
});
