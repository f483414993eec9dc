import { hooks, type ByteHookName, type HookName, type Hooks, type Plugin } from "../contract/index.ts";
import { faultOf } from "../flow/chain/fault.ts";
import type { PluginMeter } from "../flow/chain/meter.ts";
import type { ByteHook } from "../flow/pump/operators.ts";
import { guardHook, type Hook, type ReportFault } from "./guard-hook.ts";
import type { LivePlugin } from "./live-plugin.ts";

/** The hooks of several plugins as one; undefined if no plugin has the hook: then nothing is subscribed to for it. */
type Composed = { readonly [N in Exclude<HookName, ByteHookName>]: NonNullable<Hooks[N]> | undefined } & {
  /** In the order of the data. */
  readonly [N in ByteHookName]: readonly ByteHook[];
};

/** The composed hooks of one listener. In `plugins: [a, b]`, a is nearer to the client and b nearer to the upstream, for every hook. */
export interface Pipeline extends Composed {
  readonly plugins: readonly LivePlugin[];
  /** The admit hooks that run before the ClientHello of a `tls://` listener is read; `admit` has the others. */
  readonly greet: Composed["admit"];
  /** Tells which of a peer's sessions a datagram belongs to, if a plugin has it. */
  readonly flowOf: NonNullable<Plugin["flowOf"]> | undefined;
  /** Milliseconds for a client's TLS handshake, if a plugin sets them. */
  readonly handshakeTimeout: number | undefined;
  /** Whether a client of a `tls://` listener may begin without a ClientHello. */
  readonly allowsPlain: boolean;
}

/** Returns the meter that counts what a plugin use does with the data of one direction. */
export type MeterOf = (plugin: string, direction: ByteHookName) => PluginMeter;

/** Composes the hooks of plugins, given from the client's side to the upstream's. */
export function composePipeline(plugins: readonly LivePlugin[], report: ReportFault, meter?: MeterOf): Pipeline {
  const greeters = plugins.findLastIndex(({ plugin }) => plugin.beforeTls === true) + 1;
  const admitting = (some: readonly LivePlugin[]): Composed["admit"] => compose("admit", some, report) as Composed["admit"];
  const all = <N extends HookName>(name: N): Composed[N] => compose(name, plugins, report, meter) as Composed[N];
  return {
    plugins,
    greet: admitting(plugins.slice(0, greeters)),
    admit: admitting(plugins.slice(greeters)),
    resolve: all("resolve"),
    connect: all("connect"),
    fromClient: all("fromClient"),
    fromUpstream: all("fromUpstream"),
    exchange: all("exchange"),
    flowOf: flowOf(plugins, report),
    handshakeTimeout: handshakeTimeout(plugins),
    allowsPlain: plugins.some(({ plugin }) => plugin.allowsPlain === true),
  };
}

function compose(name: HookName, plugins: readonly LivePlugin[], report: ReportFault, meter?: MeterOf): Composed[HookName] {
  const { from, check } = hooks[name];
  const nearestFirst = (from === "client" ? plugins : plugins.toReversed()).filter(
    ({ plugin }) => (plugin[name] ?? undefined) !== undefined,
  );
  if (check === undefined) return nearestFirst.map((live) => byteHook(name as ByteHookName, live, meter));
  const guarded = nearestFirst.map(({ plugin, use }) =>
    guardHook(plugin[name]?.bind(plugin) as Hook<unknown, unknown>, use, check as (value: unknown) => void, report),
  );
  if (guarded.length === 0) return undefined;
  const composed: Hook<unknown, unknown> = (source, context) => guarded.reduce((inner, hook) => hook(inner, context), source);
  return composed as Composed[HookName];
}

function byteHook(name: ByteHookName, { plugin, use, borrows }: LivePlugin, meter: MeterOf | undefined): ByteHook {
  const apply = plugin[name]?.bind(plugin) as ByteHook["apply"];
  return { plugin: use.name, onError: use.use.onError, borrows, apply, meter: meter?.(use.name, name) };
}

function flowOf(plugins: readonly LivePlugin[], report: ReportFault): Pipeline["flowOf"] {
  const found = plugins.find(({ plugin }) => typeof plugin.flowOf === "function");
  if (found === undefined) return undefined;
  const { plugin, use } = found;
  return (datagram, peer) => {
    try {
      return plugin.flowOf?.(datagram, peer) ?? "";
    } catch (error) {
      report(use.name, faultOf(use.name, error));
      return "";
    }
  };
}

/** A class may have a field of this name that means something else. */
function handshakeTimeout(plugins: readonly LivePlugin[]): number | undefined {
  const given = plugins.map(({ plugin }): unknown => plugin.handshakeTimeout);
  const timeouts = given.filter((value): value is number => typeof value === "number" && value > 0);
  return timeouts.length === 0 ? undefined : Math.min(...timeouts);
}
