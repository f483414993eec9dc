import { expect } from "chai";
import { recordingFile, recordScene } from "../setup/recording/record-scene.ts";
import { createCleanup } from "../support/cleanup.ts";
import { readText } from "../support/repository.ts";

describe("the recording in the README", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("shows what the command prints (else: node dist/test/setup/recording/main.js)", async () => {
    const recorded = await recordScene(cleanup);
    for (const text of ["reloaded generation 2", "card ********", "refused: proxy.config.ts:6:", "still here"])
      expect(recorded).to.include(text);
    expect(recorded).to.equal(readText(recordingFile));
    expect(readText("README.md")).to.include(`](${recordingFile})`);
  });
});
