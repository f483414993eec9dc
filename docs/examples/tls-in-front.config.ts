import { defineConfig } from "sluice";
import { logging, tlsTermination } from "sluice/plugins";
import { demoUpstream } from "./demo-upstream.ts";

// HTTPS for a local web server. The first start makes a local authority in .sluice/ beside this file; trust its ca.pem, and browsers do too.
export default defineConfig({
  plugins: [logging()],
  listeners: {
    web: {
      listen: "tls://127.0.0.1:8443",
      upstream: await demoUpstream(), // yours: "localhost:3000"
      plugins: [tlsTermination({ selfSigned: ["localhost"], alpn: ["http/1.1"] })],
    },
  },
});
