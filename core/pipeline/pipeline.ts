import type { Observable } from "rxjs";
import type { Address, HttpRequest, HttpResponse, Plugin, Query, Session, Upstream } from "../contract/index.ts";
import { faultOf } from "../flow/chain/fault.ts";
import type { ByteHook } from "../flow/pump/operators.ts";
import { anything, checkAddresses, checkResponse, checkUpstream } from "./check-emission.ts";
import { guardHook, type Hook, type ReportFault } from "./guard-hook.ts";
import type { LivePlugin } from "./live-plugin.ts";

/** The composed hooks of one listener. In `plugins: [a, b]`, a stands nearer the client and b nearer the upstream, for every hook. */
export interface Pipeline {
  readonly plugins: readonly LivePlugin[];
  /** Undefined where no plugin has the hook: then nothing is subscribed for it. */
  /** The admit hooks that run before the ClientHello of a `tls://` listener is read. */
  readonly greet: ((arrival: Observable<Session>, session: Session) => Observable<Session>) | undefined;
  /** Which of a peer's sessions a datagram belongs to, where a plugin knows. */
  readonly flowOf: NonNullable<Plugin["flowOf"]> | undefined;
  readonly admit: ((arrival: Observable<Session>, session: Session) => Observable<Session>) | undefined;
  readonly resolve: ((lookup: Observable<Address[]>, query: Query) => Observable<Address[]>) | undefined;
  readonly connect: ((attempt: Observable<Upstream>, session: Session) => Observable<Upstream>) | undefined;
  /** Milliseconds for a client's TLS handshake, where a plugin says so. */
  readonly handshakeTimeout: number | undefined;
  readonly exchange: ((attempt: Observable<HttpResponse>, request: HttpRequest) => Observable<HttpResponse>) | undefined;
  /** In the order of the data. */
  readonly fromClient: readonly ByteHook[];
  readonly fromUpstream: readonly ByteHook[];
}

/** Composes the hooks of plugins, given from the client's side to the upstream's. */
export function composePipeline(plugins: readonly LivePlugin[], report: ReportFault): Pipeline {
  const outwards = plugins.toReversed();
  const greeters = plugins.findLastIndex(({ plugin }) => plugin.beforeTls === true) + 1;
  return {
    plugins,
    greet: compose(plugins.slice(0, greeters), (plugin) => plugin.admit?.bind(plugin), anything, report),
    flowOf: flowOf(plugins, report),
    admit: compose(plugins.slice(greeters), (plugin) => plugin.admit?.bind(plugin), anything, report),
    resolve: compose(outwards, (plugin) => plugin.resolve?.bind(plugin), checkAddresses, report),
    connect: compose(outwards, (plugin) => plugin.connect?.bind(plugin), checkUpstream, report),
    handshakeTimeout: handshakeTimeout(plugins),
    exchange: compose(outwards, (plugin) => plugin.exchange?.bind(plugin), checkResponse, report),
    fromClient: byteHooks(plugins, (plugin) => plugin.fromClient?.bind(plugin)),
    fromUpstream: byteHooks(outwards, (plugin) => plugin.fromUpstream?.bind(plugin)),
  };
}

/** The first of `plugins` is applied first: nearest the source of what the hook is given. */
function compose<T, C>(
  plugins: readonly LivePlugin[],
  pick: (plugin: Plugin) => Hook<T, C> | undefined,
  check: (value: T) => void,
  report: ReportFault,
): Hook<T, C> | undefined {
  const hooks: Hook<T, C>[] = [];
  for (const { plugin, use } of plugins) {
    const hook = pick(plugin);
    if (hook !== undefined) hooks.push(guardHook(hook, use, check, report));
  }
  if (hooks.length === 0) return undefined;
  return (source, context) => hooks.reduce((inner, hook) => hook(inner, context), source);
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

function byteHooks(plugins: readonly LivePlugin[], pick: (plugin: Plugin) => ByteHook["apply"] | undefined): ByteHook[] {
  const hooks: ByteHook[] = [];
  for (const { plugin, use, borrows } of plugins) {
    const hook = pick(plugin);
    if (hook === undefined) continue;
    hooks.push({ plugin: use.name, onError: use.use.onError, borrows, apply: hook });
  }
  return hooks;
}
