import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findTool } from "../setup/tools.ts";

/** Where a candidate listens and sends to, and the files it may use. */
export interface Place {
  readonly listen: number;
  readonly upstream: number;
  readonly cert: string;
  readonly key: string;
  /** Both in one file, as HAProxy wants them. */
  readonly pem: string;
  /** Where its own configuration is written, when it has one. */
  readonly config: string;
}

/** A proxy that can be measured. */
export interface Candidate {
  readonly transport: "tcp" | "tls" | "udp" | "http" | "http2" | "http to http2";
  /** Where it runs. @default proxy, one CPU */
  readonly on?: "workers";
  /** Program and arguments. */
  command(place: Place): readonly string[];
  /** What its configuration file is called, in a folder of its own. @default the port, in the common folder */
  readonly configName?: string;
  /** Text of its configuration file. */
  config?(place: Place): string;
  /** False where it is not installed. */
  readonly available: boolean;
}

const script = (name: string): string => fileURLToPath(new URL(`proxies/${name}.js`, import.meta.url));

function sluice(name: string, transport: Candidate["transport"]): Candidate {
  return {
    transport,
    available: true,
    command: ({ listen, upstream, cert, key }) => [process.execPath, script("sluice"), name, `${listen}`, `${upstream}`, cert, key],
  };
}

function yardstick(name: string, transport: Candidate["transport"]): Candidate {
  return {
    transport,
    available: true,
    command: ({ listen, upstream, cert, key }) => [process.execPath, script(name), `${listen}`, `${upstream}`, cert, key],
  };
}

function haproxy(transport: "tcp" | "tls"): Candidate {
  const program = findTool("haproxy");
  return {
    transport,
    available: program !== undefined,
    command: ({ config }) => [program ?? "haproxy", "-db", "-f", config],
    config: ({ listen, upstream, pem }) =>
      `global\n  nbthread 1\n  maxconn 9900\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 300s\n  timeout server 300s\nfrontend f\n` +
      `  bind 127.0.0.1:${listen} backlog 4096${transport === "tls" ? ` ssl crt ${pem}` : ""}\n  default_backend b\nbackend b\n  server s 127.0.0.1:${upstream}\n`,
  };
}

/** `sluice start`, with as many workers. */
function started(workers: 1 | 2, transport: "tcp" | "http"): Candidate {
  const uses = transport === "http" ? "plugins: [http()]" : "plugins: sixPlugins()";
  const plugins = fileURLToPath(new URL("proxies/six-plugins.js", import.meta.url));
  return {
    transport,
    available: true,
    ...(workers === 1 ? {} : { on: "workers" as const }),
    command: ({ config }) => [
      process.execPath,
      fileURLToPath(new URL("../../core/cli/main.js", import.meta.url)),
      "start",
      "--config",
      config,
    ],
    configName: "proxy.config.mjs",
    config: ({ listen, upstream }) =>
      `import { http } from "sluice/plugins";\nimport { sixPlugins } from ${JSON.stringify(plugins)};\nvoid [http, sixPlugins];\n` +
      `export default { workers: ${workers}, log: { level: "warn" }, listeners: { bench: { listen: "tcp://127.0.0.1:${listen}", upstream: "127.0.0.1:${upstream}", ${uses} } } };\n`,
  };
}

const streamModule = ["/usr/lib/nginx/modules/ngx_stream_module.so", "/usr/lib64/nginx/modules/ngx_stream_module.so"].find((file) =>
  existsSync(file),
);

function nginx(transport: "tcp" | "tls" | "udp"): Candidate {
  const program = findTool("nginx");
  const tls = ({ cert, key }: Place): string => `ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3;`;
  const bind = { tcp: "backlog=4096", tls: "ssl backlog=4096", udp: "udp" }[transport];
  return {
    transport,
    available: program !== undefined && streamModule !== undefined,
    command: ({ config }) => [program ?? "nginx", "-e", "stderr", "-c", config],
    config: (place) =>
      `load_module ${streamModule}; daemon off; worker_processes 1; pid ${place.config}.pid; error_log stderr warn;\n` +
      `events { worker_connections 19900; multi_accept on; }\n` +
      `stream { server { listen 127.0.0.1:${place.listen} ${bind}; ${transport === "tls" ? tls(place) : ""} proxy_pass 127.0.0.1:${place.upstream}; } }\n`,
  };
}

/** Everything that can be measured, by name. The names with "again" are the same program a second time: the noise floor. */
export const candidates: Readonly<Record<string, Candidate>> = {
  pipe: yardstick("pipe", "tcp"),
  "pipe again": yardstick("pipe", "tcp"),
  haproxy: haproxy("tcp"),
  nginx: nginx("tcp"),
  none: sluice("none", "tcp"),
  six: sluice("six", "tcp"),
  "six balanced": sluice("six-balanced", "tcp"),
  "six raw": sluice("six-raw", "tcp"),
  promise: sluice("promise", "tcp"),
  "one process": started(1, "tcp"),
  "two workers": started(2, "tcp"),
  "pipe in two processes": { ...yardstick("pipe-cluster", "tcp"), on: "workers" },
  "http in one process": started(1, "http"),
  "http in two workers": started(2, "http"),
  "tls pipe": yardstick("tls-pipe", "tls"),
  "tls pipe again": yardstick("tls-pipe", "tls"),
  "tls haproxy": haproxy("tls"),
  "tls nginx": nginx("tls"),
  "tls six": sluice("tls-six", "tls"),
  "udp forwarder": yardstick("udp-forwarder", "udp"),
  "udp forwarder again": yardstick("udp-forwarder", "udp"),
  "udp nginx": nginx("udp"),
  "udp six": sluice("udp-six", "udp"),
  "http-proxy": yardstick("http-proxy", "http"),
  "http-proxy again": yardstick("http-proxy", "http"),
  "http2-proxy": yardstick("http2-proxy", "http2"),
  "http2-proxy again": yardstick("http2-proxy", "http2"),
  "http2-client": yardstick("http2-client", "http to http2"),
  "http2-client again": yardstick("http2-client", "http to http2"),
  "http to HTTP/2": sluice("http-to-2", "http to http2"),
  "http with 5,000 routes": sluice("http-many-routes", "http"),
  "http without record": sluice("http-without-record", "http"),
  http: sluice("http", "http"),
};
