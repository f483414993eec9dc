import { defineConfig } from "sluice";
import { echo, logging } from "sluice/plugins";
import { allow } from "./allow.ts";
import { daytime } from "./daytime.ts";
import { demoUpstream } from "./demo-upstream.ts";
import { heartbeat } from "./heartbeat.ts";
import { lines } from "./lines.ts";
import { quota } from "./quota.ts";
import { shout } from "./shout.ts";
import { sorry } from "./sorry.ts";

// Plugins of your own, beside the built-in ones. Save one of their files, too, and open connections follow.
export default defineConfig({
  plugins: [logging(), allow({ clients: ["127.0.0.1"] })],
  listeners: {
    // nc 127.0.0.1 7001
    loud: { listen: "tcp://127.0.0.1:7001", plugins: [heartbeat({ every: "30s" }), shout({ suffix: "!" }), lines(), echo()] },

    // nc 127.0.0.1 7013
    time: { listen: "tcp://127.0.0.1:7013", plugins: [daytime()] },

    // curl http://127.0.0.1:8084/
    web: { listen: "tcp://127.0.0.1:8084", upstream: await demoUpstream(), plugins: [quota({ bytes: "10MiB", per: "1h" }), sorry()] },
  },
});
