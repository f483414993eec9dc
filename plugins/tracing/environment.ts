import { SluiceError } from "sluice";
import type { TracingConfig } from "./config.ts";

/** What an endpoint has to be, for messages. */
export const EXPECTED_URL = 'expected "http://host:port" or "https://host:port"';

export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Those of the SDK. */
const samplers: ReadonlySet<string> = new Set([
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
]);

const protocols = ["http/protobuf", "http/json"] as const;
export type OtlpProtocol = (typeof protocols)[number];

/** Settings from OpenTelemetry's environment variables that its SDK does not read itself. */
export interface Environment {
  /** Whether OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER=none is set. */
  readonly isDisabled: boolean;
  readonly protocol: OtlpProtocol;
  /** Whether OTEL_PROPAGATORS has `tracecontext`, which is its default. */
  readonly propagates: boolean;
  /** OTEL_BSP_MAX_QUEUE_SIZE: the most spans that wait for the collector. */
  readonly maxWaiting: number;
  /** OTEL_BSP_SCHEDULE_DELAY: milliseconds that a span waits to be sent together with others. The SDK's default of 5 s is too long for developers. */
  readonly delayMs: number;
  /** OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT or OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: the most characters of one value. Clients choose the length of paths. */
  readonly maxValue: number;
}

/**
 * Reads the variables. According to the specification, an empty variable counts as not set.
 * @throws SLUICE_CONFIG_INVALID for an exporter or a protocol that is not supported
 */
export function readEnvironment(): Environment {
  const exporters = list("OTEL_TRACES_EXPORTER") ?? ["otlp"];
  const unknown = exporters.find((exporter) => exporter !== "otlp" && exporter !== "none");
  if (unknown !== undefined) throw invalid("OTEL_TRACES_EXPORTER", 'expected "otlp" or "none"', unknown);
  return {
    isDisabled: read("OTEL_SDK_DISABLED")?.toLowerCase() === "true" || exporters.includes("none"),
    protocol: readProtocol(),
    propagates: list("OTEL_PROPAGATORS")?.includes("tracecontext") ?? true,
    maxWaiting: positive("OTEL_BSP_MAX_QUEUE_SIZE", 2_048),
    delayMs: positive("OTEL_BSP_SCHEDULE_DELAY", 1_000),
    maxValue: positive("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", positive("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 4_096)),
  };
}

/**
 * Refuses values that the SDK silently replaces, or with which it would lose every span: it takes `localhost:4318` for a URL of the protocol
 * `localhost:`. Variables whose option is set do not matter.
 *
 * @throws SLUICE_CONFIG_INVALID
 */
export function refuseUnusable({ endpoint, sample }: TracingConfig): void {
  if (endpoint === undefined) {
    const name = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"].find((each) => read(each) !== undefined) ?? "";
    const url = read(name);
    if (url !== undefined && !isHttpUrl(url)) throw invalid(name, EXPECTED_URL, url);
  }
  if (sample === undefined) refuseUnusableSampler();
}

function refuseUnusableSampler(): void {
  const sampler = read("OTEL_TRACES_SAMPLER");
  if (sampler === undefined) return;
  if (!samplers.has(sampler)) throw invalid("OTEL_TRACES_SAMPLER", `expected one of ${[...samplers].join(", ")}`, sampler);
  const share = sampler.endsWith("traceidratio") ? read("OTEL_TRACES_SAMPLER_ARG") : undefined;
  if (share !== undefined && !(Number(share) >= 0 && Number(share) <= 1))
    throw invalid("OTEL_TRACES_SAMPLER_ARG", "expected a number from 0 to 1", share);
}

function readProtocol(): OtlpProtocol {
  const asked = read("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ?? read("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf";
  const protocol = protocols.find((each) => each === asked);
  if (protocol === undefined) throw invalid("OTEL_EXPORTER_OTLP_PROTOCOL", `expected "${protocols.join('" or "')}"`, asked);
  return protocol;
}

function read(name: string): string | undefined {
  const value = process.env[name]?.trim();
  return value === "" ? undefined : value;
}

function list(name: string): string[] | undefined {
  return read(name)
    ?.split(",")
    .map((part) => part.trim().toLowerCase());
}

function positive(name: string, otherwise: number): number {
  const number = Number(read(name));
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}

function invalid(variable: string, expected: string, got: string): SluiceError {
  return new SluiceError("SLUICE_CONFIG_INVALID", `tracing(): ${variable}: ${expected}, got ${JSON.stringify(got)}`);
}
