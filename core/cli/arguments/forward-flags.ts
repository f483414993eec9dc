/** An option of `sluice forward` that puts a plugin into the pipeline. */
export interface ForwardFlag {
  /** Without the dashes. */
  readonly name: string;
  /** ` <what>`, ` [what]` or nothing, for the help. */
  readonly value: string;
  readonly help: string;
  readonly plugin: string;
  readonly from: "sluice/plugins" | "sluice/faults";
  /** What its factory is called with, as source text. @throws Error saying what was expected */
  readonly options: (value: string) => string;
  /** It says itself where sessions go, so that no upstream is needed. @default false */
  readonly isTarget?: boolean;
}

const text = (value: string): string => JSON.stringify(value);
const list = (value: string): string => `[${value.split(",").map(text).join(", ")}]`;

/** A number stays one; what has a unit is a text. */
const number = (value: string): string => (/^\d+(\.\d+)?$/.test(value) ? value : text(value));
const only =
  (option: string) =>
  (value: string): string =>
    `{ ${option}: ${number(value)} }`;

/** The order is the pipeline's, from the client's side. */
export const forwardFlags: readonly ForwardFlag[] = [
  {
    name: "proxy-protocol",
    value: " <networks>",
    help: "Read the client from PROXY headers of these networks",
    plugin: "proxyProtocol",
    from: "sluice/plugins",
    options: (value) => `{ from: ${list(value)} }`,
  },
  {
    name: "start-tls",
    value: " <protocol>",
    help: "Agree on TLS in the words of postgres, smtp or imap first (with --tls)",
    ...builtIn("startTls", (value) => `{ protocol: ${text(value)} }`),
  },
  {
    name: "tls",
    value: " <names>",
    help: "Terminate TLS with a certificate for these names, signed by the local CA",
    plugin: "tlsTermination",
    from: "sluice/plugins",
    options: (value) => `{ selfSigned: ${list(value)} }`,
  },
  {
    name: "log",
    value: " [form]",
    help: "Log sessions; and chunks as size, hex or text",
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
    value: " <limit>",
    help: "New sessions of a client, such as 10/s",
    plugin: "rateLimit",
    from: "sluice/plugins",
    options: rate,
  },
  { name: "capture", value: " <file>", help: "Write what passes as pcapng, for Wireshark", ...builtIn("capture", file) },
  { name: "record", value: " <file>", help: "Write what passes as a recording", ...builtIn("record", file) },
  { name: "network", value: " <name>", help: "A bad network: 3g, 4g, wifi, satellite or lossy", ...fault("network", text) },
  { name: "latency", value: " <delay>", help: "Everything comes later: 200ms, or 200ms,50ms with jitter", ...fault("latency", latency) },
  { name: "bandwidth", value: " <rate>", help: "Bytes a second, each way: 64KiB/s", ...fault("bandwidth", only("rate")) },
  { name: "slicer", value: " <size>", help: "Small chunks of about so many bytes", ...fault("slicer", only("size")) },
  { name: "corrupt", value: " <rate>", help: "The share of bytes with a bit flipped: 0.001", ...fault("corrupt", only("rate")) },
  { name: "limit-data", value: " <bytes>", help: "The end after so many bytes", ...fault("limitData", only("bytes")) },
  { name: "reset", value: " <when>", help: "A reset after so many bytes (1KiB) or so long (2s)", ...fault("reset", reset) },
  { name: "timeout", value: " <after>", help: "Nothing passes, and then the end", ...fault("timeout", only("after")) },
  { name: "slow-close", value: " <delay>", help: "Ends come later", ...fault("slowClose", only("delay")) },
  { name: "blackhole", value: "", help: "Nothing passes, and nothing ends", ...fault("blackhole", () => "") },
  { name: "loss", value: " <rate>", help: "The share of datagrams that are lost: 0.05", ...fault("loss", only("rate")) },
  { name: "duplicate", value: " <rate>", help: "The share of datagrams that come twice", ...fault("duplicate", only("rate")) },
  { name: "reorder", value: " <rate>", help: "The share of datagrams that come late", ...fault("reorder", only("rate")) },
  {
    name: "truncate",
    value: " <rate,size>",
    help: "The share of datagrams that are cut, and to what: 0.1,512",
    ...fault("truncate", truncate),
  },
  { name: "refuse", value: " <rate>", help: "The share of sessions that are refused", ...fault("refuse", only("rate")) },
  { name: "slow-open", value: " <delay>", help: "The upstream is opened later", ...fault("slowOpen", only("delay")) },
  { name: "dns-cache", value: "", help: "Answer DNS queries from a cache", ...builtIn("dnsCache", () => "") },
  { name: "socks5", value: " <targets>", help: "Connect clients of SOCKS5 to these targets", ...builtIn("socks5", allow), isTarget: true },
  {
    name: "http-connect",
    value: " <targets>",
    help: "Connect clients of HTTP's CONNECT to these targets",
    ...builtIn("httpConnect", allow),
    isTarget: true,
  },
  { name: "retry", value: " [attempts]", help: "Try the upstream again", ...builtIn("retry", retry) },
  { name: "http", value: "", help: "Serve HTTP/1 and HTTP/2", ...builtIn("http", () => "") },
  { name: "replay", value: " <file>", help: "Answer as a recording says", ...builtIn("replay", file), isTarget: true },
  { name: "echo", value: "", help: "Answer every byte with itself", ...builtIn("echo", () => ""), isTarget: true },
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
