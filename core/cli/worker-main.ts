import { runWorker } from "../workers/member/run-worker.ts";
import { guardProcess } from "./process/last-resort.ts";
import { surviveBrokenPipes } from "./output/terminal.ts";

// The script of a worker process: `sluice start` starts as many as the config's `workers` says.

surviveBrokenPipes();
const worker = runWorker();
guardProcess(
  worker.logger,
  () => false,
  () => {
    void worker.fail();
  },
);
