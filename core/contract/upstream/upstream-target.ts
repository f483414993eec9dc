import { z } from "zod";
import { isIPv4, isIPv6, type Endpoint } from "../addresses/endpoint.ts";
import { SluiceError } from "../errors/errors.ts";
import { describeIssues } from "../options/describe-issues.ts";
import { duration } from "../options/units.ts";
import { balanceNames, type Balance, type HashKey } from "./balance.ts";
import { ejection } from "./ejection-schema.ts";
import { endpointList, plainEndpoint } from "./endpoint-schema.ts";
import { health } from "./health-schema.ts";
import { keepAlive } from "./keep-alive-schema.ts";
import { queue } from "./queue-schema.ts";
import { proxyTlvs, type UpstreamConfig, type UpstreamTarget, type UpstreamTlsConfig } from "./upstream.ts";

const name = z.string().min(1);
/** RFC 7301: its length is one byte on the wire. */
const protocol = name.refine((text) => Buffer.byteLength(text) <= 255, { error: "expected the name of a protocol, of at most 255 bytes" });
const hostName =
  /^(?=.{1,254}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/;
const tls = z
  .strictObject({
    ca: z.union([name, z.array(name).min(1)]).optional(),
    cert: name.optional(),
    key: name.optional(),
    passphrase: z.string().optional(),
    serverName: z
      .string()
      .refine((text) => isIPv4(text) || isIPv6(text) || hostName.test(text), {
        error: "expected a host name in ASCII, or an IP address, without a port",
      })
      .optional(),
    alpn: z.array(protocol).optional(),
    verify: z.boolean().optional(),
    startTls: z.enum(["postgres", "smtp", "imap"]).optional(),
    allowTruncation: z.boolean().optional(),
    resume: z.boolean().optional(),
  })
  .check((context) => {
    if ((context.value.cert === undefined) === (context.value.key === undefined)) return;
    context.issues.push({ code: "custom", input: context.value, message: "expected cert and key together, got one of them" });
  });

const ownFunction = <T>(shape: string) =>
  z.custom<Extract<T, (...given: never[]) => unknown>>((value) => typeof value === "function", {
    error: `Invalid input: expected a function ${shape}`,
  });
const balance = z.union([z.enum(balanceNames), ownFunction<Balance>("(candidates, session) => candidate")]);
const hash = z.union([z.enum(["client", "server-name"]), ownFunction<HashKey>("(session) => text")]);

const upstreamOptions = z
  .strictObject({
    endpoints: endpointList,
    balance: balance.default("round-robin"),
    hash: hash.optional(),
    tls: z.union([z.boolean(), tls]).default(false),
    ejection: ejection.optional(),
    health: health.optional(),
    onDown: z.enum(["keep", "close"]).optional(),
    slowStart: duration().optional(),
    queue: queue.optional(),
    proxyProtocol: z.enum(["v1", "v2"]).optional(),
    proxyProtocolTlvs: z.array(z.enum(proxyTlvs)).optional(),
    bind: z
      .string()
      .refine((text) => isIPv4(text) || isIPv6(text), { error: "expected an IP address of this machine, without a port" })
      .optional(),
    keepAlive: keepAlive.optional(),
    http: z.enum(["1.1", "2", "auto"]).optional(),
  })
  .check(({ value, issues }) => {
    const { bind, endpoints } = value;
    if (bind === undefined || !(isIPv4(bind) || isIPv6(bind))) return;
    const other = endpoints.find(({ host }) => (isIPv4(bind) ? isIPv6(host) : isIPv4(host)));
    if (other === undefined) return;
    const message = `expected an address of the same family as the endpoint ${other.text}`;
    issues.push({ code: "custom", input: bind, path: ["bind"], message });
  })
  .check(({ value, issues }) => {
    const { alpn } = typeof value.tls === "boolean" ? {} : value.tls;
    if (value.http === undefined || value.http === "1.1" || alpn === undefined || alpn.includes("h2")) return;
    const message = `expected "h2" among the protocols of tls.alpn, since http is "${value.http}"; left out, http decides what is offered`;
    issues.push({ code: "custom", input: alpn, path: ["tls", "alpn"], message });
  })
  .check(({ value, issues }) => {
    if (value.proxyProtocolTlvs === undefined || value.proxyProtocol === "v2") return;
    const message = 'expected proxyProtocol: "v2" with it: only that header has extensions';
    issues.push({ code: "custom", input: value.proxyProtocolTlvs, path: ["proxyProtocolTlvs"], message });
  })
  .check(({ value, issues }) => {
    if (value.hash === undefined || value.balance === "hash") return;
    const message = 'expected balance: "hash" with it: it says what that goes by';
    issues.push({ code: "custom", input: value.hash, path: ["hash"], message });
  })
  .check(({ value, issues }) => {
    const { serverName, verify } = typeof value.tls === "boolean" ? {} : value.tls;
    if (value.tls === false || serverName !== undefined || verify === false || value.endpoints.every(({ path }) => path === undefined))
      return;
    const message = "a unix socket has no name to verify the certificate against: give tls.serverName";
    issues.push({ code: "custom", input: value.tls, path: ["tls"], message });
  });

/** The zod schema of an {@link UpstreamConfig}; its output is an {@link UpstreamTarget}. */
export const upstreamSchema = z.union([plainEndpoint, endpointList, upstreamOptions]).transform((value): UpstreamTarget => {
  if (Array.isArray(value)) return plain(value);
  if ("text" in value) return plain([value]);
  const { endpoints, balance: policy, hash: key, tls: secured, ...rest } = value;
  return { endpoints, balance: policy, tls: tlsOptions(secured), ...(policy === "hash" ? { hash: key ?? "client" } : {}), ...given(rest) };
});

/** A zod schema for an {@link UpstreamConfig} among a plugin's options; its output is an {@link UpstreamTarget}, for {@link Upstreams}. */
export const upstream = (): z.ZodType<UpstreamTarget, UpstreamConfig> => upstreamSchema as never;

function plain(list: readonly Endpoint[]): UpstreamTarget {
  return { endpoints: list, balance: "round-robin", tls: undefined };
}

function tlsOptions(options: boolean | z.output<typeof tls>): UpstreamTlsConfig | undefined {
  if (typeof options === "boolean") return options ? {} : undefined;
  return given(options) as UpstreamTlsConfig;
}

/** The options without those that are undefined. */
function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/**
 * Parses an upstream and fills in every default; files are not read yet.
 * @throws SLUICE_CONFIG_INVALID with every problem in it
 */
export function upstreamTarget(config: UpstreamConfig): UpstreamTarget {
  const result = upstreamSchema.safeParse(config);
  if (result.success) return result.data;
  const problems = describeIssues(config, result.error.issues, upstreamSchema);
  const lines = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  throw new SluiceError("SLUICE_CONFIG_INVALID", lines.join("\n"), { where: "upstream" });
}
