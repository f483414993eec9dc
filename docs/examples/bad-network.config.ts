import { defineConfig } from "sluice";
import { network, script } from "sluice/faults";
import { demoUpstream } from "./demo-upstream.ts";

const upstream = await demoUpstream();

// A phone on a train, and a server that comes back to life: change them and save while a download runs.
export default defineConfig({
  listeners: {
    web: { listen: "tcp://127.0.0.1:8081", upstream, plugins: [network("3g")] },
    crash: { listen: "tcp://127.0.0.1:8082", upstream, plugins: [script([{ refuse: 2 }, { reset: { bytes: "1KiB" } }, "pass"])] },
  },
});
