import { defineConfig } from "sluice";
import { http, logging, tlsTermination } from "sluice/plugins";
import { demoUpstream } from "./demo-upstream.ts";

// HTTPS on localhost for a dev server. The first start makes a local authority in .sluice/ beside this file; trust its ca.pem.
export default defineConfig({
  listeners: {
    web: {
      listen: "tls://127.0.0.1:8443",
      plugins: [
        tlsTermination({ selfSigned: ["localhost", "*.localhost"], alpn: ["h2", "http/1.1"] }),
        logging(),
        http({ routes: [{ upstream: await demoUpstream() }] }), // yours: "localhost:5173"
      ],
    },
  },
});
