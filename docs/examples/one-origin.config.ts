import { defineConfig } from "sluice";
import { http, logging, rateLimit, retry } from "sluice/plugins";
import { demoUpstream } from "./demo-upstream.ts";

const frontEnd = await demoUpstream(); // yours: "localhost:5173"
const api = await demoUpstream(); // yours: "localhost:3001"

// One origin for the front end and its API, so that the browser asks for no CORS.
export default defineConfig({
  listeners: {
    web: {
      listen: "tcp://127.0.0.1:8084",
      plugins: [
        logging(),
        rateLimit({ requests: { rate: 50, per: "1s" } }),
        retry({ attempts: 5 }),
        http({
          routes: [
            { path: "/", upstream: frontEnd },
            // The API knows nothing of the prefix.
            { path: "/api", rewrite: "/", upstream: api, headers: { set: { "x-from": "front end" } } },
            { path: "/api", method: ["PUT", "DELETE"], upstream: api, rewrite: "/admin" },
          ],
        }),
      ],
    },
  },
});
