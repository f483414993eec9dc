import { defineConfig } from "sluice";
import { demoUpstream } from "./demo-upstream.ts";
import { slowLine } from "./slow-line.ts";

// A train in a tunnel, between a client and its server: change the numbers and save while a download runs.
export default defineConfig({
  listeners: {
    web: { listen: "tcp://127.0.0.1:8081", upstream: await demoUpstream(), plugins: [slowLine({ delay: "150ms", rate: "32KiB" })] },
  },
});
