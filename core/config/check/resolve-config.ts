import { restingUdpSockets } from "../../contract/resting-udp-sockets.ts";
import { describeIssues, optionPath, shown, type Problem } from "../../contract/options/describe-issues.ts";
import { SluiceError, type ErrorCode, type ResolvedConfig, type ResolvedListener } from "../../contract/index.ts";
import { addressText } from "../../contract/endpoint.ts";
import { duplicateAddresses, isWildcard, loops } from "./check-addresses.ts";
import { configSchema, namePattern, nameRule, type CheckedConfig, type CheckedListener } from "./config-schema.ts";
import { flowsWarning, readFdLimit, sessionLimit, udpSessionLimit } from "./fd-limit.ts";
import { checkUses, nameUses } from "./resolve-uses.ts";

/** Where a config comes from, for messages. */
export interface ConfigPlace {
  readonly file?: string | undefined;
}

/**
 * Validates a config and fills every default in. Opens nothing. All problems come in one error, one line each:
 * `<file>: <option.path>: expected …, got …`.
 *
 * @throws SLUICE_CONFIG_INVALID
 * @throws SLUICE_ADDRESS_DUPLICATE when that is the only problem
 */
export function resolveConfig(input: unknown, place: ConfigPlace = {}): ResolvedConfig {
  const { file } = place;
  if (typeof input !== "object" || input === null || Array.isArray(input) || input instanceof Promise) {
    throw failure(
      "SLUICE_CONFIG_INVALID",
      [{ path: "", message: `expected a config object (defineConfig({ listeners: { … } })), got ${shown(input)}` }],
      file,
    );
  }
  const checked = configSchema.safeParse(input);
  const problems = listenerNames(input);
  if (!checked.success) {
    problems.push(...describeIssues(input, checked.error.issues, configSchema));
    checkPluginsOf(input, [], problems);
    throw failure("SLUICE_CONFIG_INVALID", problems, file);
  }
  const config = checked.data;
  const listeners = resolveListeners(config, problems);
  problems.push(...transportProblems(listeners), ...loops(listeners));
  const duplicates = duplicateAddresses(listeners);
  if (problems.length > 0) throw failure("SLUICE_CONFIG_INVALID", [...problems, ...duplicates], file);
  if (duplicates.length > 0) throw failure("SLUICE_ADDRESS_DUPLICATE", duplicates, file);
  return settled(config, listeners, file);
}

function listenerNames(input: object): Problem[] {
  const listeners: unknown = "listeners" in input ? input.listeners : undefined;
  return Object.keys(typeof listeners === "object" && listeners !== null ? listeners : {})
    .filter((name) => !namePattern.test(name))
    .map((name) => ({ path: optionPath(["listeners", name]), message: `${nameRule}, got ${shown(name)}` }));
}

/** The plugins' options of a config whose shape is wrong elsewhere, so that one save shows every problem. */
function checkPluginsOf(part: object, path: readonly PropertyKey[], problems: Problem[]): void {
  if ("plugins" in part && Array.isArray(part.plugins)) checkUses(part.plugins, [...path, "plugins"], problems);
  if (path.length > 0 || !("listeners" in part) || typeof part.listeners !== "object" || part.listeners === null) return;
  for (const [name, listener] of Object.entries(part.listeners)) {
    if (typeof listener === "object" && listener !== null) checkPluginsOf(listener, ["listeners", name], problems);
  }
}

function resolveListeners(config: CheckedConfig, problems: Problem[]): ResolvedListener[] {
  const shared = checkUses(config.plugins, ["plugins"], problems);
  const given = Object.entries(config.listeners).filter((entry): entry is [string, CheckedListener] => entry[1] !== undefined);
  const seen = new Set<string>();
  return given.map(([name, listener]): ResolvedListener => {
    const own = checkUses(listener.plugins, ["listeners", name, "plugins"], problems);
    const found: Problem[] = [];
    const uses = nameUses([...shared, ...own], found);
    // A name given twice among the shared plugins would be reported by every listener.
    for (const problem of found) if (!seen.has(problem.path)) problems.push(problem);
    for (const { path } of found) seen.add(path);
    const { sessions, deadline } = listener.reload;
    const reload = { sessions, deadlineMs: deadline ?? config.timeouts.drain };
    return { name, address: listener.listen, upstream: listener.upstream, uses, reload, socket: listener.socket };
  });
}

function transportProblems(listeners: readonly ResolvedListener[]): Problem[] {
  return listeners.flatMap((listener) => [...upstreamProblems(listener), ...socketProblems(listener)]);
}

/** The transports that an option of `socket` has a meaning for, and why it has none for the others. */
const socketOptions = {
  keepAlive: { of: ["tcp", "tls"], because: "only TCP has it" },
  receiveBuffer: { of: ["udp"], because: "Node has no way to set the buffers of its sockets, only of UDP ones" },
  sendBuffer: { of: ["udp"], because: "Node has no way to set the buffers of its sockets, only of UDP ones" },
  mode: { of: ["unix"], because: "only a unix socket is a file" },
  group: { of: ["unix"], because: "only a unix socket is a file" },
} as const;

function socketProblems({ name, address, socket }: ResolvedListener): Problem[] {
  if (socket === undefined) return [];
  const { transport } = address;
  return (Object.keys(socketOptions) as (keyof typeof socketOptions)[])
    .filter((option) => socket[option] !== undefined && !socketOptions[option].of.some((one) => one === transport))
    .map((option) => ({
      path: `listeners.${name}.socket.${option}`,
      message: `expected nothing on a ${transport} listener: ${socketOptions[option].because}; got ${socket[option]}`,
    }));
}

function upstreamProblems({ name, address, upstream }: ResolvedListener): Problem[] {
  if (address.transport !== "udp" || upstream === undefined) return [];
  const path = `listeners.${name}.upstream`;
  const unix = upstream.endpoints.filter((endpoint) => endpoint.path !== undefined);
  return [
    ...(upstream.tls === undefined
      ? []
      : [{ path: `${path}.tls`, message: "expected false on a udp listener: TLS needs a stream, got TLS" }]),
    ...unix.map(({ text }) => ({ path, message: `expected "host:port" on a udp listener, got ${shown(text)}` })),
  ];
}

function settled(config: CheckedConfig, listeners: readonly ResolvedListener[], file: string | undefined): ResolvedConfig {
  const { bufferPerFlow, swapTimeout } = config.limits;
  const [fdLimit, udpListeners] = [readFdLimit(), listeners.filter(({ address }) => address.transport === "udp").length];
  const udpSessions = config.limits.udpSessions ?? udpSessionLimit(fdLimit, udpListeners);
  const udpSockets = udpSessions * udpListeners + restingUdpSockets(udpSessions * udpListeners);
  const { sessions, warning } = sessionLimit(config.limits.sessions, fdLimit, udpSockets);
  const ofFlows = flowsWarning(fdLimit, udpSockets, udpListeners < listeners.length);
  const hosts = Object.entries(config.dns.hosts).map(([name, addresses]): [string, string[]] => [name.toLowerCase(), addresses]);
  return {
    listeners,
    dns: { servers: config.dns.servers, hosts: new Map(hosts) },
    limits: { sessions, sessionsPerClient: config.limits.sessionsPerClient ?? sessions, udpSessions, bufferPerFlow, swapTimeout },
    timeouts: config.timeouts,
    providers: config.providers,
    log: { level: config.log.level, format: config.log.format, file: config.log.file },
    file,
    warnings: [...[warning, ofFlows].filter((each) => each !== undefined), ...listeners.flatMap(listenerWarnings)],
  };
}

function listenerWarnings({ name, address, upstream }: ResolvedListener): string[] {
  const warnings: string[] = [];
  if (isWildcard(address.host)) {
    warnings.push(
      `listeners.${name}.listen: ${addressText(address)} can be reached from every network of this machine; 127.0.0.1 only from itself`,
    );
  }
  if (upstream?.tls?.verify === false) {
    warnings.push(
      `listeners.${name}.upstream.tls.verify: false lets anyone in between pose as the upstream; name its CA in tls.ca instead`,
    );
  }
  return warnings;
}

function failure(code: ErrorCode, problems: readonly Problem[], file: string | undefined): SluiceError {
  const place = ({ path }: Problem): string => [file, path].filter((each) => each !== undefined && each !== "").join(": ");
  const [first, ...others] = problems;
  const where = first === undefined ? "" : place(first);
  const rest = others.map((problem) => `\n${place(problem)}: ${problem.message}`).join("");
  return new SluiceError(code, `${first?.message ?? ""}${rest}`, where === "" ? {} : { where });
}
