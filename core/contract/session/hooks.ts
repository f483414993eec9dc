import type { Observable } from "rxjs";
import type { Address, Query } from "../addresses/address.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { anything, checkAddresses, checkResponse, checkUpstream } from "./check-emission.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import type { Session } from "./session.ts";

// Everything about a hook is declared here: its signature, and a row of the table that composition, checks, the admin views and the test of
// docs/writing-a-plugin.md read.

/**
 * The hooks of a plugin: RxJS operators, all optional. In `plugins: [a, b]`, a is nearer to the client and b nearer to the upstream,
 * for every hook. State of one session belongs in the closure of its hook call; state shared by sessions belongs in a field of the plugin.
 */
export interface Hooks {
  /** The session just accepted, before any byte is read. Emitting it admits the session, completing without an emission rejects it. */
  admit?(arrival: Observable<Session>, session: Session): Observable<Session>;
  /** The answer to one look-up of an upstream's name; `lookup` is cold. */
  resolve?(lookup: Observable<Address[]>, query: Query): Observable<Address[]>;
  /** An open upstream leg; `attempt` is cold, each subscription is one try at the next endpoint. */
  connect?(attempt: Observable<Upstream>, session: Session): Observable<Upstream>;
  /** Chunks (TCP, TLS) or datagrams (UDP) from the client. */
  fromClient?(data: Observable<Buffer>, session: Session): Observable<Buffer>;
  /** The same, from the upstream. */
  fromUpstream?(data: Observable<Buffer>, session: Session): Observable<Buffer>;
  /**
   * One HTTP response, on a listener with `http()`; `attempt` is cold, each subscription is one try. Unsubscribing before the emission
   * aborts the try; after the emission the subscriber owns the response.
   */
  exchange?(attempt: Observable<HttpResponse>, request: HttpRequest): Observable<HttpResponse>;
}

/** The name of a hook of a plugin. */
export type HookName = keyof Hooks;

/** The type of one emission of a hook. */
export type Emission<N extends HookName> =
  NonNullable<Hooks[N]> extends (source: Observable<infer T>, context: never) => unknown ? T : never;

/** The hooks that chunks pass through: a flow calls them itself, and looks at each chunk that they emit. */
export type ByteHookName = { [N in HookName]: Emission<N> extends Buffer ? N : never }[HookName];

interface HookFacts<N extends HookName> {
  /** The side that the hook's input comes from. The plugin nearest to that side is applied first. */
  readonly from: "client" | "upstream";
  /** Throws if an emission is not allowed, since the core uses it without further checks. Undefined for the hooks that chunks pass through. */
  readonly check: N extends ByteHookName ? undefined : (value: Emission<N>) => void;
}

/** All hooks. */
export const hooks: { readonly [N in HookName]-?: HookFacts<N> } = {
  admit: { from: "client", check: anything },
  resolve: { from: "upstream", check: checkAddresses },
  connect: { from: "upstream", check: checkUpstream },
  fromClient: { from: "client", check: undefined },
  fromUpstream: { from: "upstream", check: undefined },
  exchange: { from: "upstream", check: checkResponse },
};

/** The names of all hooks. */
export const hookNames = Object.keys(hooks) as readonly HookName[];

/** The directions of a session's data, named after the hooks that their chunks pass through. */
export const directions = ["fromClient", "fromUpstream"] as const satisfies readonly ByteHookName[];

/** A direction of a session: what comes from the client, or from the upstream. */
export type Direction = (typeof directions)[number];
