import { isIP } from "node:net";
import { hostname } from "node:os";
import process from "node:process";
import { WatchedFile } from "./watched-file.ts";

/** How names are looked up on this machine: resolv.conf(5), with the limits that glibc sets. */
export interface ResolvConf {
  /** IP addresses; empty: the platform's own way. */
  readonly servers: readonly string[];
  /** Domains that are appended to a name. */
  readonly search: readonly string[];
  /** A name with fewer dots is first tried with the domains. */
  readonly ndots: number;
  /** Milliseconds that one server has for one answer; undefined: not in the file. */
  readonly timeout: number | undefined;
  /** How often the servers are asked. */
  readonly attempts: number;
  /** The servers take turns at being asked first. */
  readonly rotate: boolean;
}

const MAX_SERVERS = 3;
/** The highest values that glibc accepts for its options. */
const most = { ndots: 15, timeout: 30, attempts: 5 } as const;

/** Environment variables that count in addition to the file. */
export interface ResolvEnvironment {
  readonly LOCALDOMAIN?: string | undefined;
  readonly RES_OPTIONS?: string | undefined;
}

/** The watched resolv.conf. */
export function createResolvConf(file = "/etc/resolv.conf"): WatchedFile<ResolvConf> {
  return new WatchedFile(file, (text) => parseResolvConf(text, process.env, hostname()));
}

/**
 * @param environment LOCALDOMAIN replaces the search list, RES_OPTIONS adds to the options
 * @param host this machine's name: its domain is searched if nothing else is configured
 */
export function parseResolvConf(text: string, environment: ResolvEnvironment = {}, host = ""): ResolvConf {
  const lines = text
    .split("\n")
    .filter((line) => !/^[#;]/.test(line))
    .map((line) => line.trimEnd().split(/[ \t]+/));
  const settings = [...lines.filter(([keyword]) => keyword === "options").flat(), ...wordsOf(environment.RES_OPTIONS ?? "")];
  const timeout = settingOf("timeout", settings);
  return {
    servers: serversOf(lines),
    search: environment.LOCALDOMAIN === undefined ? searchOf(lines, host) : wordsOf(environment.LOCALDOMAIN),
    ndots: settingOf("ndots", settings) ?? 1,
    timeout: timeout === undefined ? undefined : Math.max(1, timeout) * 1_000,
    attempts: Math.max(1, settingOf("attempts", settings) ?? 2),
    rotate: settings.includes("rotate"),
  };
}

function serversOf(lines: readonly (readonly string[])[]): readonly string[] {
  const named = lines.filter(([keyword]) => keyword === "nameserver").map(([, server = ""]) => server);
  return named.filter((server) => isIP(server) !== 0).slice(0, MAX_SERVERS);
}

/** The search list. The last line with `search` or `domain` counts. */
function searchOf(lines: readonly (readonly string[])[], host: string): readonly string[] {
  const [keyword, ...words] = lines.findLast(([each]) => each === "search" || each === "domain") ?? [];
  if (keyword === undefined) return domainOf(host);
  return keyword === "search" ? words : words.slice(0, 1);
}

function settingOf(name: keyof typeof most, settings: readonly string[]): number | undefined {
  const last = settings.findLast((setting) => new RegExp(`^${name}:\\d+$`).test(setting));
  return last === undefined ? undefined : Math.min(most[name], Number(last.slice(name.length + 1)));
}

function domainOf(host: string): readonly string[] {
  const dot = host.indexOf(".");
  return dot < 0 || dot === host.length - 1 ? [] : [host.slice(dot + 1)];
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
