import { runWorker } from "../workers/member/run-worker.ts";
import { guardProcess } from "./process/last-resort.ts";
import { surviveBrokenPipes } from "./output/terminal.ts";

// The script of a worker: `sluice start` forks it as often as `workers` of the config says.

surviveBrokenPipes();
const worker = runWorker();
guardProcess(
  worker.logger,
  () => false,
  () => {
    void worker.fail();
  },
);
