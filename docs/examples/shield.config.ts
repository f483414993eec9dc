import { defineConfig } from "sluice";
import { logging, rateLimit, retry } from "sluice/plugins";
import { demoUpstream } from "./demo-upstream.ts";

// In front of a server that is easily overrun, and that restarts now and then.
export default defineConfig({
  plugins: [logging()],
  listeners: {
    web: {
      listen: "tcp://127.0.0.1:8082",
      upstream: await demoUpstream(),
      plugins: [rateLimit({ connections: { rate: 10, per: "1s", burst: 20 }, over: "delay" }), retry({ attempts: 5, within: "10s" })],
    },
  },
});
