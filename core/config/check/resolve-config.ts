import { restingUdpSockets } from "../../contract/upstream/resting-udp-sockets.ts";
import { describeIssues, optionPath, shown, type Problem } from "../../contract/options/describe-issues.ts";
import {
  addressText,
  schemeOf,
  SluiceError,
  type AdminConfig,
  type ErrorCode,
  type ListenScheme,
  type ResolvedConfig,
  type ResolvedListener,
} from "../../contract/index.ts";
import { trialSchema } from "../../contract/events/trial.ts";
import { isWildcard } from "../../contract/addresses/host-meeting.ts";
import { duplicateAddresses, loops } from "./check-addresses.ts";
import { adminProblems, resolveAdmin, withAdmin } from "./check-admin.ts";
import { transportProblems } from "./check-transports.ts";
import { configSchema, namePattern, nameRule, type CheckedConfig, type CheckedListener } from "./config-schema.ts";
import { flowsWarning, readFdLimit, sessionLimit, udpSessionLimit } from "./fd-limit.ts";
import { checkUses, nameUses } from "./resolve-uses.ts";

/** Where a config comes from, for messages, and what takes precedence over it. */
export interface ConfigPlace {
  readonly file?: string | undefined;
  /** Turns the admin server on, and takes precedence over the config's `admin`. */
  readonly admin?: AdminConfig | undefined;
}

/**
 * Validates a config and fills in every default. Opens nothing. All problems come in one error, one line each:
 * `<file>: <option.path>: expected …, got …`.
 *
 * @param schemes the transports that listeners may have
 * @throws SLUICE_CONFIG_INVALID
 * @throws SLUICE_ADDRESS_DUPLICATE when that is the only problem
 */
export function resolveConfig(input: unknown, schemes: readonly ListenScheme[], place: ConfigPlace = {}): ResolvedConfig {
  const { file } = place;
  if (typeof input !== "object" || input === null || Array.isArray(input) || input instanceof Promise) {
    throw failure(
      "SLUICE_CONFIG_INVALID",
      [{ path: "", message: `expected a config object (defineConfig({ listeners: { … } })), got ${shown(input)}` }],
      file,
    );
  }
  const schema = configSchema(schemes);
  // Without zod's generated code: it pays off only after hundreds of configs, and makes the first check a third slower.
  const checked = schema.safeParse(place.admin === undefined ? input : withAdmin(input, place.admin), { jitless: true });
  const problems = listenerNames(input);
  if (!checked.success) {
    problems.push(...describeIssues(input, checked.error.issues, schema));
    checkPluginsOf(input, [], problems);
    throw failure("SLUICE_CONFIG_INVALID", problems, file);
  }
  const config = checked.data;
  const listeners = resolveListeners(config, problems);
  const admin = resolveAdmin(config.admin, file);
  problems.push(...transportProblems(listeners, schemes), ...loops(listeners, schemes), ...adminProblems(admin, listeners, schemes));
  const duplicates = duplicateAddresses(listeners, schemes);
  if (problems.length > 0) throw failure("SLUICE_CONFIG_INVALID", [...problems, ...duplicates], file);
  if (duplicates.length > 0) throw failure("SLUICE_ADDRESS_DUPLICATE", duplicates, file);
  return { ...settled(config, listeners, { schemes, file }), admin };
}

function listenerNames(input: object): Problem[] {
  const listeners: unknown = "listeners" in input ? input.listeners : undefined;
  return Object.keys(typeof listeners === "object" && listeners !== null ? listeners : {})
    .filter((name) => !namePattern.test(name))
    .map((name) => ({ path: optionPath(["listeners", name]), message: `${nameRule}, got ${shown(name)}` }));
}

/** Checks the plugins' options of a config whose shape is wrong elsewhere, so that one save shows every problem. */
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
  const all = given.map(([name, listener]): ResolvedListener => {
    const own = checkUses(listener.plugins, ["listeners", name, "plugins"], problems);
    const found: Problem[] = [];
    const declared = nameUses([...shared, ...own], found);
    const uses = declared.filter(({ use }) => use.enabled);
    // A name given twice among the shared plugins would be reported by every listener.
    for (const problem of found) if (!seen.has(problem.path)) problems.push(problem);
    for (const { path } of found) seen.add(path);
    const reload = resolveReload(listener, config);
    const { listen: address, upstream, socket, limits, timeouts } = listener;
    return { name, address, upstream, uses, declared, reload, socket, limits, timeouts };
  });
  // Listeners that are switched off are checked like the others, and then left out.
  return all.filter(({ name }) => config.listeners[name]?.enabled !== false);
}

/** The reload options of a listener; those that it leaves out come from the config. */
function resolveReload({ reload: own, timeouts }: CheckedListener, { reload, ...config }: CheckedConfig): ResolvedListener["reload"] {
  const { sessions = "swap", deadline, trial = false } = { ...reload, ...withoutGaps(own) };
  const tried = trial === true ? trialSchema.parse({}) : trial;
  return {
    sessions,
    deadlineMs: deadline ?? timeouts?.drain ?? config.timeouts.drain,
    ...(tried === false ? {} : { trial: tried }),
  };
}

function withoutGaps<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>;
}

interface SettledPlace extends ConfigPlace {
  readonly schemes: readonly ListenScheme[];
}

function settled(
  config: CheckedConfig,
  listeners: readonly ResolvedListener[],
  { schemes, file }: SettledPlace,
): Omit<ResolvedConfig, "admin"> {
  const { bufferPerFlow, swapTimeout } = config.limits;
  const [fdLimit, udpListeners] = [readFdLimit(), listeners.filter(({ address }) => schemeOf(address, schemes).datagrams).length];
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
    shutdown: config.shutdown,
    providers: config.providers,
    log: { level: config.log.level, format: config.log.format, file: config.log.file },
    workers: config.workers,
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

/** Problems that one error lists: who repairs a config reads no more at a time. */
const LISTED = 20;

function failure(code: ErrorCode, problems: readonly Problem[], file: string | undefined): SluiceError {
  const place = ({ path }: Problem): string => [file, path].filter((each) => each !== undefined && each !== "").join(": ");
  const [first, ...others] = problems;
  const where = first === undefined ? "" : place(first);
  const rest = others.slice(0, LISTED - 1).map((problem) => `\n${place(problem)}: ${problem.message}`);
  const more = problems.length > LISTED ? `\nand ${problems.length - LISTED} more of them` : "";
  return new SluiceError(code, `${first?.message ?? ""}${rest.join("")}${more}`, where === "" ? {} : { where });
}
