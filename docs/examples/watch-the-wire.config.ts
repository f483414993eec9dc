import { defineConfig } from "sluice";
import { logging } from "sluice/plugins";
import { demoUpstream } from "./demo-upstream.ts";

// Every chunk in the log, as text. Set it to "size" or "hex", or enabled to false, and save: open connections follow.
export default defineConfig({
  listeners: {
    web: { listen: "tcp://127.0.0.1:8083", upstream: await demoUpstream(), plugins: [logging({ chunks: "text" })] },
  },
});
