import { forwardFlags } from "../arguments/forward-flags.ts";
import { SluiceError } from "../../contract/index.ts";

/** The arguments of `sluice forward`. */
export interface Forward {
  /** A listener's address: `tcp://127.0.0.1:8443`. */
  readonly listen: string;
  readonly upstream: Upstream | undefined;
  /** The values by the names of {@link forwardFlags}; an option without a value has "". */
  readonly flags: ReadonlyMap<string, string>;
}

interface Upstream {
  readonly endpoints: readonly string[];
  /** Whether the upstream uses TLS. */
  readonly isSecure: boolean;
}

/** The equivalent config, as a person would write it. @throws SLUICE_USAGE */
export function configText({ listen, upstream, flags }: Forward): string {
  const used = forwardFlags.filter(({ name }) => flags.has(name));
  const modules = [...new Set(used.map(({ from }) => from))].toSorted();
  const imports = modules.map((from) => {
    const names = [...new Set(used.filter((flag) => flag.from === from).map(({ plugin }) => plugin))].toSorted();
    return `import { ${names.join(", ")} } from "${from}";\n`;
  });
  const isGiven = (name: string): boolean => flags.has(name);
  const calls = used.map(({ name, plugin, options }) => {
    try {
      return `${plugin}(${options(flags.get(name) ?? "", isGiven)})`;
    } catch (error) {
      throw new SluiceError("SLUICE_USAGE", `--${name}: ${(error as Error).message}, got ${JSON.stringify(flags.get(name))}`);
    }
  });
  const lines = [
    `      listen: ${JSON.stringify(listen)},`,
    ...(upstream === undefined ? [] : [`      upstream: ${upstreamText(upstream)},`]),
    ...(calls.length === 0 ? [] : [`      plugins: [${calls.join(", ")}],`]),
  ];
  return `import { defineConfig } from "sluice";
${imports.join("")}
export default defineConfig({
  listeners: {
    forward: {
${lines.join("\n")}
    },
  },
});
`;
}

function upstreamText({ endpoints, isSecure }: Upstream): string {
  const names = endpoints.length === 1 ? JSON.stringify(endpoints[0]) : `[${endpoints.map((each) => JSON.stringify(each)).join(", ")}]`;
  return isSecure ? `{ endpoints: [${endpoints.map((each) => JSON.stringify(each)).join(", ")}], tls: true }` : names;
}

/** `8443`, `0.0.0.0:8443` and `udp://…` as a listener's address. */
export function listenOf(text: string, isSecure: boolean): string {
  if (/^[a-z]+:\/\//.test(text)) return text;
  const scheme = isSecure ? "tls" : "tcp";
  return /^\d+$/.test(text) ? `${scheme}://127.0.0.1:${text}` : `${scheme}://${text}`;
}

interface UpstreamScheme {
  readonly isSecure?: true;
  readonly isPath?: true;
  /** The port when the text has none. */
  readonly port?: number;
}

/** The schemes of an upstream on the command line, with their meanings. */
const upstreamSchemes: ReadonlyMap<string | undefined, UpstreamScheme> = new Map(
  Object.entries({
    tcp: {},
    udp: {},
    unix: { isPath: true },
    tls: { isSecure: true },
    http: { port: 80 },
    https: { port: 443, isSecure: true },
  }),
);

/** `3000`, `host:3000,other:3000`, `unix:/path` and `tls://host:443` as endpoints. @throws SLUICE_USAGE */
export function upstreamOf(text: string): Upstream {
  const [, scheme, rest = text] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [];
  const says = scheme === undefined ? {} : upstreamSchemes.get(scheme);
  if (says === undefined)
    throw new SluiceError("SLUICE_USAGE", `expected host:port, unix:/path or tls://host:port as the upstream, got ${JSON.stringify(text)}`);
  const { port, isSecure = false, isPath } = says;
  if (isPath) return { endpoints: [`unix:${rest}`], isSecure };
  const bare = port === undefined ? rest : rest.replace(/\/$/, "");
  // The sessions of a byte proxy have no path to which it could be added.
  if (port !== undefined && bare.includes("/"))
    throw new SluiceError("SLUICE_USAGE", `the upstream: expected a URL without a path, got ${JSON.stringify(text)}`);
  const endpoints = bare.split(",").map((each) => {
    if (/^\d+$/.test(each)) return `localhost:${each}`;
    return port !== undefined && !/:\d+$/.test(each) ? `${each}:${port}` : each;
  });
  return { endpoints, isSecure };
}
