import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** An external program that a test may ask for, and the Debian package that brings it. */
interface Tool {
  readonly name: string;
  readonly package: string;
}

/** The real servers and clients that tests drive. */
const tools: readonly Tool[] = [
  { name: "openssl", package: "openssl" },
  { name: "redis-server", package: "redis-server" },
  { name: "redis-benchmark", package: "redis-tools" },
  { name: "postgres", package: "postgresql" },
  { name: "pgbench", package: "postgresql-contrib" },
  { name: "nginx", package: "nginx-light" },
  { name: "nginx", package: "libnginx-mod-stream" },
  { name: "haproxy", package: "haproxy" },
  { name: "curl", package: "curl" },
  { name: "dnsmasq", package: "dnsmasq-base" },
  { name: "dnsperf", package: "dnsperf" },
  { name: "named", package: "bind9" },
  { name: "dig", package: "bind9-dnsutils" },
  { name: "iperf3", package: "iperf3" },
  { name: "sslscan", package: "sslscan" },
  { name: "faketime", package: "faketime" },
  { name: "tshark", package: "tshark" },
  { name: "chromium", package: "chromium" },
  { name: "certutil", package: "libnss3-tools" },
  { name: "script", package: "bsdutils" },
  { name: "systemd-analyze", package: "systemd" },
];

const postgresRoot = "/usr/lib/postgresql";

/** Debian hides PostgreSQL's programs behind wrappers in /usr/bin; the real ones are here, newest version first. */
function postgresFolders(): string[] {
  try {
    return readdirSync(postgresRoot)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(postgresRoot, version, "bin"));
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The file of a program, or undefined when this machine has none. Servers live in sbin folders, which a user's PATH may lack. */
export function findTool(name: string): string | undefined {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...postgresFolders(), ...path, "/usr/sbin", "/sbin"].map((folder) => join(folder, name)).find((file) => isExecutable(file));
}

/** The tools that this machine lacks. */
export function missingTools(): Tool[] {
  return tools.filter((tool) => findTool(tool.name) === undefined);
}
