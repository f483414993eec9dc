import { hooks, type HookName, type Plugin, type PluginNeed, type ResolvedListener } from "../../contract/index.ts";
import { transportOf } from "../../net/transports/table.ts";
import type { LivePlugin } from "../../pipeline/live-plugin.ts";

/** The plugins of a listener. */
export type PluginsOf = readonly [listener: ResolvedListener, plugins: readonly LivePlugin[]];

interface NeedRule {
  /** What is needed, and what the listener does not have. */
  readonly text: string;
  /** Whether one listener that has it is enough: elsewhere the plugin does nothing, which is no fault of a plugin that several listeners share. */
  readonly once: boolean;
  readonly isMet: (listener: PluginsOf, at: number) => boolean;
}

const rules: Readonly<Record<PluginNeed, NeedRule>> = {
  requests: {
    text: "HTTP requests, and no plugin here serves HTTP, such as http()",
    once: true,
    isMet: ([, plugins]) => plugins.some(({ plugin }) => plugin.answersIn?.includes("exchange") === true),
  },
  datagrams: {
    text: "datagrams, and only a udp:// listener has them",
    once: true,
    isMet: ([{ address }]) => transportOf(address).datagrams,
  },
  plaintext: {
    text: "data without TLS: put a plugin that terminates TLS in front of it, such as tlsTermination(), or listen on tcp://",
    once: false,
    isMet: ([{ address }, plugins], at) => !transportOf(address).helloFirst || decrypting(plugins, at),
  },
  termination: {
    text: "a plugin behind it that terminates TLS, such as tlsTermination()",
    once: false,
    isMet: ([, plugins], at) => terminates(plugins.slice(at + 1)),
  },
};

/** All `admit` hooks run before the other hooks, so only a plugin that reads in `admit` needs the one that terminates TLS in front of it. */
function decrypting(plugins: readonly LivePlugin[], at: number): boolean {
  return terminates(plugins[at]?.plugin.admit === undefined ? plugins : plugins.slice(0, at));
}

function terminates(plugins: readonly LivePlugin[]): boolean {
  return plugins.some(({ plugin }) => plugin.terminatesTls === true);
}

/** A warning for each plugin use that needs what its listener does not have, or none of the listeners that share it. */
export function unmetNeeds(listeners: readonly PluginsOf[]): string[] {
  const met = new Set<string>();
  const warnings = new Map<string, string>();
  for (const listener of listeners) {
    const [{ name }, plugins] = listener;
    for (const [at, { plugin, use }] of plugins.entries())
      for (const need of needsOf(plugin)) {
        const { text, once, isMet } = rules[need];
        const key = `${need} ${use.path} ${once ? "" : name}`;
        if (isMet(listener, at)) met.add(key);
        else if (!warnings.has(key)) warnings.set(key, `${use.path}: "${use.name}" of listener "${name}" needs ${text}`);
      }
  }
  return [...warnings].filter(([key]) => !met.has(key)).map(([, warning]) => warning);
}

/** A class may have a field of this name that means something else. */
function needsOf(plugin: Plugin): readonly PluginNeed[] {
  const { needs = doesNothingElse(plugin) ? ["requests"] : [] }: { readonly needs?: unknown } = plugin;
  return Array.isArray(needs) ? needs.filter((need): need is PluginNeed => Object.hasOwn(rules, need as PropertyKey)) : [];
}

/** Whether it does nothing without requests. A plugin with `setup` may follow sessions in another way than by hooks. */
function doesNothingElse(plugin: Plugin): boolean {
  const used = [...(Object.keys(hooks) as HookName[]), "setup" as const].filter((name) => plugin[name] !== undefined);
  return used.length === 1 && used[0] === "exchange";
}
