import { z } from "zod";
import { describeIssues } from "./options/describe-issues.ts";
import { isIPv4, isIPv6, parseEndpoint } from "./endpoint.ts";
import { SluiceError } from "./errors.ts";
import type { Endpoint, UpstreamConfig, UpstreamTarget, UpstreamTlsConfig } from "./upstream.ts";

const endpointText = z.string({ error: 'expected a text such as "localhost:3000"' });

const endpoint = endpointText.transform((text, context): Endpoint => {
  try {
    return parseEndpoint(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: plainMessage(error) });
    return z.NEVER;
  }
});

/** A SluiceError's own words, without its code: it becomes part of another message. */
export function plainMessage(error: unknown): string {
  return error instanceof Error ? error.message.replace(/ \(SLUICE_[A-Z_]+: .*\)$/s, "") : String(error);
}

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
    alpn: z.array(protocol).min(1).optional(),
    verify: z.boolean().optional(),
    allowTruncation: z.boolean().optional(),
  })
  .check((context) => {
    if ((context.value.cert === undefined) === (context.value.key === undefined)) return;
    context.issues.push({ code: "custom", input: context.value, message: "expected cert and key together, got one of them" });
  });

const endpoints = z.array(endpoint).min(1);
const options = z
  .strictObject({
    endpoints,
    balance: z.enum(["round-robin", "least-connections", "random"]).default("round-robin"),
    tls: z.union([z.boolean(), tls]).default(false),
  })
  .check(({ value, issues }) => {
    const { serverName, verify } = typeof value.tls === "boolean" ? {} : value.tls;
    if (value.tls === false || serverName !== undefined || verify === false || value.endpoints.every(({ path }) => path === undefined))
      return;
    const message = "a unix socket has no name to verify the certificate against: give tls.serverName";
    issues.push({ code: "custom", input: value.tls, path: ["tls"], message });
  });

/** The zod schema of an {@link UpstreamConfig}; its output is an {@link UpstreamTarget}. */
export const upstreamSchema = z.union([endpoint, endpoints, options]).transform((value): UpstreamTarget => {
  if (Array.isArray(value)) return plain(value);
  if ("text" in value) return plain([value]);
  return { endpoints: value.endpoints, balance: value.balance, tls: tlsOptions(value.tls) };
});

/** A zod schema for an {@link UpstreamConfig} among a plugin's options; its output is an {@link UpstreamTarget}, for {@link Upstreams}. */
export const upstream = (): z.ZodType<UpstreamTarget, UpstreamConfig> => upstreamSchema as never;

function plain(list: readonly Endpoint[]): UpstreamTarget {
  return { endpoints: list, balance: "round-robin", tls: undefined };
}

function tlsOptions(given: boolean | z.output<typeof tls>): UpstreamTlsConfig | undefined {
  if (typeof given === "boolean") return given ? {} : undefined;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/**
 * Reads where sessions go, with every default filled in; files are not read yet.
 * @throws SLUICE_CONFIG_INVALID with every problem in it
 */
export function upstreamTarget(config: UpstreamConfig): UpstreamTarget {
  const result = upstreamSchema.safeParse(config);
  if (result.success) return result.data;
  const problems = describeIssues(config, result.error.issues, upstreamSchema);
  const lines = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  throw new SluiceError("SLUICE_CONFIG_INVALID", lines.join("\n"), { where: "upstream" });
}
