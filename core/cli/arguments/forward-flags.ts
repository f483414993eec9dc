import type { OptionForm } from "./command-form.ts";

/** An option of `sluice forward` that puts a plugin into the pipeline. */
export interface ForwardFlag {
  /** The name, without dashes. */
  readonly name: string;
  /** Another name for it: that of its plugin, where they differ. */
  readonly alias?: string;
  /** The value in the help: ` <what>`, ` [what]` or nothing. */
  readonly value: string;
  readonly help: string;
  readonly plugin: string;
  readonly from: "sluice/plugins" | "sluice/faults";
  /** The argument of its factory, as source text. @param isGiven whether another option is given @throws Error that says what was expected */
  readonly options: (value: string, isGiven: (name: string) => boolean) => string;
  /** Whether the value is the path of a file. @default false */
  readonly isFile?: boolean;
  /** Whether the plugin chooses the upstream or answers itself, so that no upstream is needed. @default false */
  readonly isTarget?: boolean;
}

const text = (value: string): string => JSON.stringify(value);
const list = (value: string): string => `[${value.split(",").map(text).join(", ")}]`;

/** The source text of a number; a value with a unit becomes a string. */
const number = (value: string): string => (/^\d+(\.\d+)?$/.test(value) ? value : text(value));
const only =
  (option: string) =>
  (value: string): string =>
    `{ ${option}: ${number(value)} }`;

/** The options in the order of the pipeline, from the client's side. */
export const forwardFlags: readonly ForwardFlag[] = [
  {
    name: "proxy-protocol",
    value: " <networks>",
    help: "Expect PROXY headers with the client's address from these networks",
    plugin: "proxyProtocol",
    from: "sluice/plugins",
    options: (value) => `{ from: ${list(value)} }`,
  },
  {
    name: "start-tls",
    value: " <protocol>",
    help: "Begin TLS by the protocol postgres, smtp or imap (with --tls)",
    ...builtIn("startTls", (value) => `{ protocol: ${text(value)} }`),
  },
  {
    name: "tls",
    alias: "tls-termination",
    value: " <names>",
    help: "Terminate TLS, with a certificate of the local CA for these names",
    plugin: "tlsTermination",
    from: "sluice/plugins",
    options: (value, isGiven) => `{ selfSigned: ${list(value)}${isGiven("http") ? ', alpn: ["h2", "http/1.1"]' : ""} }`,
  },
  {
    name: "log",
    alias: "logging",
    value: " [form]",
    help: "Log sessions, and optionally chunks as size, hex or text",
    plugin: "logging",
    from: "sluice/plugins",
    options: (value) => (value === "" ? "" : `{ chunks: ${text(value)} }`),
  },
  {
    name: "tracing",
    value: " [endpoint]",
    help: "Send traces to an OpenTelemetry collector",
    ...builtIn("tracing", (value) => (value === "" ? "" : `{ endpoint: ${text(value)} }`)),
  },
  {
    name: "rate",
    alias: "rate-limit",
    value: " <limit>",
    help: "Limit the new sessions of each client, such as 10/s",
    plugin: "rateLimit",
    from: "sluice/plugins",
    options: rate,
  },
  {
    name: "capture",
    value: " <file>",
    help: "Write the traffic into a pcapng file, for Wireshark",
    ...builtIn("capture", file),
    isFile: true,
  },
  { name: "record", value: " <file>", help: "Write the traffic into a recording", ...builtIn("record", file), isFile: true },
  { name: "network", value: " <name>", help: "Simulate a network: 3g, 4g, wifi, satellite or lossy", ...fault("network", text) },
  { name: "latency", value: " <delay>", help: "Delay all data: 200ms, or 200ms,50ms with jitter", ...fault("latency", latency) },
  {
    name: "bandwidth",
    value: " <rate>",
    help: "Limit the bytes per second in each direction: 64KiB/s",
    ...fault("bandwidth", only("rate")),
  },
  { name: "slicer", value: " <size>", help: "Cut data into small chunks of about this size", ...fault("slicer", only("size")) },
  { name: "corrupt", value: " <rate>", help: "Flip a bit in this share of the bytes: 0.001", ...fault("corrupt", only("rate")) },
  { name: "limit-data", value: " <bytes>", help: "End sessions after this number of bytes", ...fault("limitData", only("bytes")) },
  { name: "reset", value: " <when>", help: "Reset sessions after a number of bytes (1KiB) or a time (2s)", ...fault("reset", reset) },
  { name: "timeout", value: " <after>", help: "Let nothing pass, and end sessions after this time", ...fault("timeout", only("after")) },
  { name: "slow-close", value: " <delay>", help: "Delay the ends of sessions", ...fault("slowClose", only("delay")) },
  { name: "blackhole", value: "", help: "Let nothing pass, neither data nor ends", ...fault("blackhole", () => "") },
  { name: "loss", value: " <rate>", help: "Lose this share of the datagrams: 0.05", ...fault("loss", only("rate")) },
  { name: "duplicate", value: " <rate>", help: "Send this share of the datagrams twice", ...fault("duplicate", only("rate")) },
  { name: "reorder", value: " <rate>", help: "Let this share of the datagrams be overtaken", ...fault("reorder", only("rate")) },
  {
    name: "truncate",
    value: " <rate,size>",
    help: "Cut this share of the datagrams to this size: 0.1,512",
    ...fault("truncate", truncate),
  },
  { name: "refuse", value: " <rate>", help: "Refuse this share of the sessions", ...fault("refuse", only("rate")) },
  { name: "slow-open", value: " <delay>", help: "Wait before the upstream is dialled", ...fault("slowOpen", only("delay")) },
  { name: "dns-cache", value: "", help: "Answer DNS queries from a cache", ...builtIn("dnsCache", () => "") },
  {
    name: "socks5",
    value: " <targets>",
    help: "Serve SOCKS5, and connect clients to these targets",
    ...builtIn("socks5", allow),
    isTarget: true,
  },
  {
    name: "http-connect",
    value: " <targets>",
    help: "Serve HTTP CONNECT, and connect clients to these targets",
    ...builtIn("httpConnect", allow),
    isTarget: true,
  },
  { name: "retry", value: " [attempts]", help: "Try again when the upstream cannot be reached", ...builtIn("retry", retry) },
  { name: "http", value: "", help: "Serve HTTP/1 and HTTP/2", ...builtIn("http", () => "") },
  { name: "replay", value: " <file>", help: "Answer from a recording", ...builtIn("replay", file), isFile: true, isTarget: true },
  { name: "echo", value: "", help: "Send all data back to the client", ...builtIn("echo", () => ""), isTarget: true },
];

function builtIn(plugin: string, options: ForwardFlag["options"]): Pick<ForwardFlag, "plugin" | "from" | "options"> {
  return { plugin, from: "sluice/plugins", options };
}

function file(value: string): string {
  return `{ file: ${text(value)} }`;
}

function allow(value: string): string {
  return `{ allow: ${list(value)} }`;
}

function truncate(value: string): string {
  const [share = "", to] = value.split(",");
  if (to === undefined) throw new Error("expected a share and a size, such as 0.1,512");
  return `{ rate: ${number(share)}, to: ${number(to)} }`;
}

function fault(plugin: string, options: ForwardFlag["options"]): Pick<ForwardFlag, "plugin" | "from" | "options"> {
  return { plugin, from: "sluice/faults", options };
}

function latency(value: string): string {
  const [delay = "", jitter] = value.split(",");
  return jitter === undefined ? only("delay")(delay) : `{ delay: ${number(delay)}, jitter: ${number(jitter)} }`;
}

function reset(value: string): string {
  return only(/^[\d.]+(ms|s|m|h|d)$/.test(value) ? "after" : "bytes")(value);
}

function rate(value: string): string {
  const [, count, per = "s"] = /^(\d+)(?:\/(\d*(?:ms|s|m|h|d)))?$/.exec(value) ?? [];
  if (count === undefined) throw new Error(`expected a number and a time, such as 10/s or 100/5m`);
  return `{ connections: { rate: ${count}, per: ${text(/^\d/.test(per) ? per : `1${per}`)} } }`;
}

function retry(value: string): string {
  return value === "" ? "" : only("attempts")(value);
}

/** The option as its command knows it, and its alias: cac takes no alias with a dash in it. */
export function formsOf({ name, alias, value, help }: ForwardFlag): readonly OptionForm[] {
  const form: OptionForm = [`--${name}${value}`, help];
  return alias === undefined ? [form] : [form, [`--${alias}${value}`, `The same as --${name}`]];
}
