// node dist/test/setup/recording/main.js plays the README's recording with the real command, and writes it. A test plays it too, and compares.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCleanup } from "../../support/cleanup.ts";
import { root } from "../../support/repository.ts";
import { recordingFile, recordScene } from "./record-scene.ts";

const cleanup = createCleanup();
try {
  writeFileSync(join(root, recordingFile), await recordScene(cleanup));
} finally {
  await cleanup.run();
}
