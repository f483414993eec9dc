import type { Observable, SchedulerLike } from "rxjs";
import type { Address } from "../addresses/address.ts";
import type { ProxyEvent } from "../events/events.ts";
import type { Datagrams } from "../session/datagrams.ts";
import type { HttpRequest, HttpResponse } from "../session/http.ts";
import type { Transport } from "../session/session.ts";
import type { Taps } from "../session/taps.ts";
import type { Timelines } from "../session/timelines.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import type { InjectionKey } from "./plugin.ts";
import type { Shared } from "./shared.ts";

/** Looks names up: the proxy's own resolver, below every plugin's `resolve` hook. */
export interface Resolver {
  /** Emits once. Errors: SLUICE_UPSTREAM_DNS_TEMPORARY, SLUICE_UPSTREAM_DNS_NOT_FOUND. */
  resolve(name: string): Observable<Address[]>;
}

/**
 * Runs a request through the `exchange` hooks of the pipeline that its session is on now, for a plugin that serves HTTP. The plugins of
 * that pipeline live at least until the request's `onEnd`.
 *
 * @param attempt the try itself, below every hook
 */
export type Exchange = (request: HttpRequest, attempt: Observable<HttpResponse>) => Observable<HttpResponse>;

// Symbol.for: a config's copy of the package and the running one name the same things.
const key = <T>(name: string): InjectionKey<T> => Symbol.for(`sluice.${name}`);

/** A pino-shaped logger bound to listener and plugin. */
export const LOGGER = key<Logger>("LOGGER");
/** An RxJS scheduler; `now()` is in epoch milliseconds. A test replaces it by a virtual one. */
export const CLOCK = key<SchedulerLike>("CLOCK");
/** Makes the metrics of a plugin, which `GET metrics` shows. */
export const METRICS = key<Metrics>("METRICS");
/** The events of the sessions that run the plugin's own pipeline. */
export const EVENTS = key<Observable<ProxyEvent>>("EVENTS");
/** The proxy's own resolver, below every plugin's `resolve` hook. */
export const RESOLVER = key<Resolver>("RESOLVER");
/** Access to upstreams besides the session's own, in the same way as the listener's sessions. */
export const UPSTREAMS = key<Upstreams>("UPSTREAMS");
/** The bytes of both legs of the sessions that run the plugin's own pipeline. */
export const TAPS = key<Taps>("TAPS");
/** Datagrams beside the legs of a session. */
export const DATAGRAMS = key<Datagrams>("DATAGRAMS");
/** What happens to the sessions that run the plugin's own pipeline. */
export const TIMELINES = key<Timelines>("TIMELINES");
/** Runs a request through the `exchange` hooks of its session, for a plugin that serves HTTP. */
export const EXCHANGE = key<Exchange>("EXCHANGE");
/** State that all processes of the proxy share, with `workers`. */
export const SHARED = key<Shared>("SHARED");
/** The plugin use's own options, parsed. */
export const OPTIONS = key<unknown>("OPTIONS");
/** The place of the plugin use: listener, transport and the folder of the config. */
export const PLACE = key<Place>("PLACE");

/** The place of a plugin use in the config. */
export interface Place {
  /** The listener's name. */
  readonly listener: string;
  /** What its clients connect by. */
  readonly transport: Transport;
  /** Whether sessions consist of datagrams instead of a stream. */
  readonly datagrams: boolean;
  /** Whether a client begins with a ClientHello (`tls://`). */
  readonly helloFirst: boolean;
  /** The plugin use's name. */
  readonly plugin: string;
  /** The folder of the config file; the working directory for a config given in-process. */
  readonly folder: string;
  /** Made by SIGHUP, `sluice reload` or a change of a watched file: do not reuse what was remembered of the outside. @default false */
  readonly fresh?: boolean;
  /** Which of several workers this process is: 1, 2, 3; a replacement has a number of its own. Undefined: there is one process. */
  readonly worker?: number | undefined;
}
