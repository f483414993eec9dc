import type { AdminConfig, Answer, Found, GenerationOrigin, LogLevel, Override, SocketAddress } from "../../contract/index.ts";
import type { ConfigSnapshot } from "../../config/load/config-snapshot.ts";
import type { Measured } from "../../admin/metrics/measured.ts";
import type { AgreedStanding, Standing } from "../../net/balance/health-peers.ts";
import type { Connection } from "../../net/node/raw-accept.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { OpenSessions } from "../../runtime/proxy/serving-proxy.ts";
import type { Elsewhere } from "../../runtime/state/neighbours.ts";
import type { Take } from "../../runtime/state/bucket-book.ts";
import type { PackedError } from "./packed-error.ts";
import type { PackedEvent } from "./packed-event.ts";

/** What a worker is to make a generation of. */
export interface GenerationOrder {
  readonly number: number;
  /** The config's file, also where it is in none. */
  readonly file: string;
  /** What the config is loaded from: the same for all. */
  readonly snapshot: ConfigSnapshot;
  /** The same number is the same load: nothing of it is evaluated again. */
  readonly load: number;
  readonly overrides: readonly Override[];
  readonly origin: GenerationOrigin;
  readonly rebuild: boolean;
  readonly logLevel: LogLevel;
  /** Goes before what the config says of the admin server. */
  readonly admin: AdminConfig | undefined;
}

/** Plugins have said to `watch` files, with the hash of what was there. */
export type WatchedFiles = ReadonlyMap<string, string | undefined>;

/** The socket of a listener that streams, in the first process. */
export interface HandedSocket {
  readonly id: number;
  readonly local: SocketAddress;
  /** The listener that goes on under its name on it. */
  readonly goesOn: boolean;
  /** Whose it was until now. */
  readonly from: string | undefined;
}

/** By listener. */
export interface SocketPlan {
  readonly streams: ReadonlyMap<string, HandedSocket>;
  /** Whether this worker binds the sockets of those that take datagrams. */
  readonly ownsDatagrams: boolean;
  /** Where those are that are bound already, by whichever worker. */
  readonly datagrams: Addresses;
}

/** Of listeners, by name. */
export type Addresses = ReadonlyMap<string, SocketAddress>;

/** What is known once all have bound. */
export interface Committed {
  /** Where the listeners that take datagrams are. */
  readonly datagrams: Addresses;
  /** Where the admin server listens. */
  readonly admin: SocketAddress | undefined;
}

/** What goes on in a worker: sessions that begin and end, what happens a second, the chunks of some sessions. */
export type Shown = "sessions" | "rates" | { readonly tap: string };

/** Said to a worker that asks for something which one of them finds out for all: what it is, or that it is the one, and under which number. */
export type Said = { readonly answer: Answer<unknown> } | { readonly find: number };

/** How many sessions a client has on a listener, in one worker. */
export interface CountedClient {
  readonly listener: string;
  /** Its key. */
  readonly client: string;
  readonly sessions: number;
}

/** The open sessions of one worker. */
export interface OpenHere {
  readonly streams: number;
  /** Of the listeners that have a limit of their own. */
  readonly listeners: ReadonlyMap<string, number>;
  /** Those that have changed. */
  readonly clients: readonly CountedClient[];
}

/** What the first process asks of a worker. */
export interface WorkerCalls {
  /** Evaluates, constructs and sets up. Rejects with what refuses it. */
  prepare(order: GenerationOrder): Promise<WatchedFiles>;
  /** Binds, and hands the state of plugins over. Resolves with where the listeners are that this worker has bound itself. */
  bind(plan: SocketPlan): Promise<Addresses>;
  /** Puts it into force. */
  commit(state: Committed): Promise<void>;
  /** Resolves when the open sessions have followed. */
  followed(): Promise<ReloadReport>;
  /** Takes back what was prepared. Resolves when nothing is left of it. */
  abandon(): Promise<void>;
  /** Binds the sockets that take datagrams, in place of a worker that has died. */
  takeDatagrams(places: Addresses): Promise<void>;
  /** A client of a socket. @param elsewhere what the other workers have, clients on their way included */
  connection(socket: number, elsewhere: Elsewhere, connection: Connection): void;
  open(): OpenSessions;
  /** Open sessions by listener. */
  sessions(): ReadonlyMap<string, number>;
  /** Open sessions by generation. */
  generations(): ReadonlyMap<number, number>;
  /** One of the admin server's operations. */
  perform(name: string, input: unknown): Promise<unknown>;
  measure(): readonly Measured[];
  /** Somebody may look at its sessions, or nobody any more. */
  look(wanted: boolean): void;
  /** Shows something that goes on, under a number. */
  show(number: number, what: Shown): void;
  /** So many of it have been taken: it may send more. */
  seen(number: number, count: number): void;
  hide(number: number): void;
  /** Sends events of sessions, or no more. */
  tellOfSessions(wanted: boolean): void;
  /** Those of TLS sessions, from now on. */
  ticketKeys(keys: Uint8Array): void;
  /** What is in force of an endpoint. */
  standing(standing: AgreedStanding): void;
  close(drainMs: number): Promise<void>;
}

/** What a worker tells the first process. */
export interface FirstCalls {
  /** It can be asked. */
  up(): void;
  /** It has taken so many connections. @param open what it has now */
  taken(count: number, open: OpenHere): void;
  /** Its clients have so many sessions now. */
  counted(clients: readonly CountedClient[]): void;
  /** How many sessions a client has on a listener in the other workers. */
  sessionsOf(listener: string, client: string): number;
  event(event: PackedEvent): void;
  /** A record of the log, as JSON, with its level. */
  log(line: string): void;
  /** Something of what it shows. @param missed how much of it there was for which there was no room */
  shown(number: number, value: unknown, missed: number): void;
  /** Takes tokens of a bucket. As {@link SharedBuckets.take}. */
  take(price: Take): number;
  once(key: string): Said | Promise<Said>;
  /** It wants an endpoint out. @param seen the version that it knows @returns the newest */
  eject(standing: Standing, seen: number): number;
  /** What is so now, there. */
  standing(standing: Standing): void;
  forgetEndpoint(listener: string, endpoint: string): void;
  /** It has found out what it was to find out. */
  found(key: string, number: number, found: Found<unknown>): void;
  /** It has not. @param error undefined: it has not tried */
  notFound(key: string, number: number, error: PackedError | undefined): void;
}
