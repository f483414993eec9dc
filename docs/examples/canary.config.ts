import { defineConfig } from "sluice";
import { http, logging } from "sluice/plugins";
import { canary } from "./canary.ts";
import { demoUpstream } from "./demo-upstream.ts";

const version1 = await demoUpstream(); // yours: "localhost:3001"
const version2 = await demoUpstream(); // yours: "localhost:3002"

// A tenth of the clients get the new version. Change `share` and save: it holds from the next request, also on open connections.
export default defineConfig({
  listeners: {
    web: {
      listen: "tcp://127.0.0.1:8085",
      plugins: [logging(), canary({ upstream: version2, share: 0.1 }), http({ routes: [{ upstream: version1 }] })],
    },
  },
});
