import { defineConfig } from "sluice";
import { echo, logging, retry, tlsTermination } from "sluice/plugins";
import { demoUpstream } from "./docs/examples/demo-upstream.ts";

// Save this file while connections are open: they take the new pipeline at their next byte.
export default defineConfig({
  // For every listener, in front of its own.
  plugins: [logging()],
  listeners: {
    // Says what it hears. With nc at hand: nc 127.0.0.1 7000
    echo: { listen: "tcp://127.0.0.1:7000", plugins: [echo()] },

    // openssl s_client -quiet -connect 127.0.0.1:7443 -servername localhost -CAfile .sluice/ca.pem
    "echo-tls": { listen: "tls://127.0.0.1:7443", plugins: [tlsTermination({ selfSigned: ["localhost"] }), echo()] },

    // nc -u 127.0.0.1 7000
    "echo-udp": { listen: "udp://127.0.0.1:7000", plugins: [echo()] },

    // curl http://127.0.0.1:8080/
    demo: { listen: "tcp://127.0.0.1:8080", upstream: await demoUpstream(), plugins: [retry()] },
  },
});
