import { isIP } from "node:net";
import { hostname } from "node:os";
import process from "node:process";
import { WatchedFile } from "./watched-file.ts";

/** How names are looked up on this machine: resolv.conf(5), with its limits of glibc. */
export interface ResolvConf {
  /** IP addresses; none: as the platform has it. */
  readonly servers: readonly string[];
  /** Domains that are tried behind a name. */
  readonly search: readonly string[];
  /** A name with fewer dots is tried with the domains first. */
  readonly ndots: number;
  /** Milliseconds that one server has for one answer. Undefined: the file does not say. */
  readonly timeout: number | undefined;
  /** How often the servers are asked. */
  readonly attempts: number;
  /** The servers take turns at being asked first. */
  readonly rotate: boolean;
}

const MAX_SERVERS = 3;
/** Options of glibc and the most that it takes. */
const most = { ndots: 15, timeout: 30, attempts: 5 } as const;

/** What of the process counts beside the file. */
export interface ResolvEnvironment {
  readonly LOCALDOMAIN?: string | undefined;
  readonly RES_OPTIONS?: string | undefined;
}

/** resolv.conf as it is now. */
export function createResolvConf(file = "/etc/resolv.conf"): WatchedFile<ResolvConf> {
  return new WatchedFile(file, (text) => parseResolvConf(text, process.env as ResolvEnvironment, hostname()));
}

/**
 * @param environment LOCALDOMAIN replaces the search list, RES_OPTIONS adds to the options
 * @param host its domain is searched where nothing else is said
 */
export function parseResolvConf(text: string, environment: ResolvEnvironment = {}, host = ""): ResolvConf {
  const servers: string[] = [];
  let search: readonly string[] | undefined;
  let options = "";
  for (const line of text.split("\n")) {
    const [keyword = "", ...words] = /^[#;]/.test(line) ? [] : line.trimEnd().split(/[ \t]+/);
    if (keyword === "nameserver" && isIP(words[0] ?? "") !== 0 && servers.length < MAX_SERVERS) servers.push(words[0] ?? "");
    else if (keyword === "search") search = words;
    else if (keyword === "domain") search = words.slice(0, 1);
    else if (keyword === "options") options += ` ${words.join(" ")}`;
  }
  const { LOCALDOMAIN, RES_OPTIONS = "" } = environment;
  if (LOCALDOMAIN !== undefined) search = wordsOf(LOCALDOMAIN);
  const settings = wordsOf(`${options} ${RES_OPTIONS}`);
  const timeout = settingOf("timeout", settings);
  return {
    servers,
    search: search ?? domainOf(host),
    ndots: settingOf("ndots", settings) ?? 1,
    timeout: timeout === undefined ? undefined : Math.max(1, timeout) * 1_000,
    attempts: Math.max(1, settingOf("attempts", settings) ?? 2),
    rotate: settings.includes("rotate"),
  };
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
