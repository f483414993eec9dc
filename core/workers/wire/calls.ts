import type {
  AdminConfig,
  Answer,
  Found,
  GenerationOrigin,
  LogLevel,
  Override,
  SessionsBehind,
  SocketAddress,
  TrialView,
} from "../../contract/index.ts";
import type { ConfigSnapshot } from "../../config/load/config-snapshot.ts";
import type { Measured } from "../../admin/metrics/measured.ts";
import type { AgreedStanding, EndpointStanding } from "../../net/balance/endpoints/health-peers.ts";
import type { Connection } from "../../net/node/raw-accept.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { ShareStarts } from "../../runtime/proxy/member.ts";
import type { OpenSessions } from "../../runtime/proxy/serving-proxy.ts";
import type { Elsewhere } from "../../runtime/state/neighbours.ts";
import type { BucketPayment } from "../../runtime/state/bucket-book.ts";
import type { TrialFault } from "../../runtime/trial/trial-faults.ts";
import type { SaveOrder } from "../../admin/saving/save-host.ts";
import type { PackedProgress } from "./packed-progress.ts";
import type { PackedError } from "./packed-error.ts";
import type { PackedEvent } from "./packed-event.ts";

/** What a worker has to make a generation of. */
export interface GenerationOrder {
  readonly number: number;
  /** The config's file; also set if the config is not in a file. */
  readonly file: string;
  /** What the config is loaded from: the same for all. */
  readonly snapshot: ConfigSnapshot;
  /** The number of the load. A worker that has this load does not evaluate it again. */
  readonly load: number;
  readonly overrides: readonly Override[];
  readonly origin: GenerationOrigin;
  readonly rebuild: boolean;
  readonly logLevel: LogLevel;
  /** Takes precedence over the config's `admin`. */
  readonly admin: AdminConfig | undefined;
}

/** Files that plugins asked to `watch`, with the hash of their content; undefined: there was no file. */
type WatchedFiles = ReadonlyMap<string, string | undefined>;

/** A generation that is set up in a worker. */
export interface SetUp {
  readonly watched: WatchedFiles;
  /** The listeners on which it could be tried; empty: none. */
  readonly tries: readonly string[];
  /** The listeners of the config as this worker has evaluated it, see `listenerNames`. */
  readonly listeners: readonly string[];
}

/** The socket of a stream listener in the first process. */
export interface HandedSocket {
  readonly id: number;
  readonly local: SocketAddress;
  /** Whether the listener of this name goes on, on this socket. */
  readonly goesOn: boolean;
  /** The listener that had the socket until now. */
  readonly from: string | undefined;
}

/** The sockets of a generation. `streams` is by listener. */
export interface SocketPlan {
  readonly streams: ReadonlyMap<string, HandedSocket>;
  /** Whether this worker binds the datagram sockets. */
  readonly ownsDatagrams: boolean;
  /** The addresses of datagram listeners that a worker has already bound. */
  readonly datagrams: Addresses;
}

/** A part of a file that all workers write. */
export interface PartOrder {
  /** The file that the parts are to become. */
  readonly file: string;
  /** The worker makes its own name of it. */
  readonly base: string;
  readonly order: SaveOrder;
}

/** The addresses of listeners, by name. */
export type Addresses = ReadonlyMap<string, SocketAddress>;

/** What is known when all workers have bound. */
export interface Committed {
  /** The addresses of datagram listeners. */
  readonly datagrams: Addresses;
  /** The address of the admin server. */
  readonly admin: SocketAddress | undefined;
}

/** What can be watched in a worker: sessions that begin and end, rates, the chunks of some sessions. */
export type WatchSubject = "sessions" | "rates" | { readonly tap: string };

/** The reply to a worker that asks for something which one worker finds out for all: the answer, or an order (with a number) to find it out. */
export type Said = { readonly answer: Answer<unknown> } | { readonly find: number };

/** The number of sessions that a client has on a listener, in one worker. */
export interface CountedClient {
  readonly listener: string;
  /** The key of the client. */
  readonly client: string;
  readonly sessions: number;
}

/** The open sessions of one worker. */
export interface OpenHere {
  readonly streams: number;
  /** Open sessions of the listeners that have a limit of their own. */
  readonly listeners: ReadonlyMap<string, number>;
  /** The numbers of clients that have changed. */
  readonly clients: readonly CountedClient[];
}

/** The steps to a generation, after each of which the first process waits for all workers. */
export interface GenerationCalls {
  /** Evaluates the config, constructs the plugins and sets them up. Rejects with the error that refuses it. */
  prepare(order: GenerationOrder): Promise<SetUp>;
  /** Makes the prepared generation ready to be tried; `commit` then begins the trial. Rejects with the error that refuses it. */
  try(starts: ShareStarts): Promise<void>;
  /** Prepares to put the generation on trial into force, in place of `prepare`. */
  accept(): Promise<void>;
  /** Ends the trial. Resolves when its sessions have returned, with those that could not. */
  takeBack(reason: string): Promise<{ readonly behind?: SessionsBehind }>;
  trial(): TrialView | undefined;
  /** Binds, and hands the state of plugins over. Resolves with the addresses of the listeners that this worker has bound itself. */
  bind(plan: SocketPlan): Promise<Addresses>;
  /** Puts the generation into force, or on trial. */
  commit(state: Committed): Promise<void>;
  /** Resolves when the open sessions have followed. */
  followed(): Promise<ReloadReport>;
  /** Takes the prepared generation back. Resolves when nothing is left of it. */
  abandon(): Promise<void>;
}

/** Questions about what a worker serves, and what it is to show or write of it. */
export interface QuestionCalls {
  open(): OpenSessions;
  /** Open sessions by listener. */
  sessions(): ReadonlyMap<string, number>;
  /** Open sessions by generation. */
  generations(): ReadonlyMap<number, number>;
  /** One of the admin server's operations. */
  perform(name: string, input: unknown): Promise<unknown>;
  measure(): readonly Measured[];
  /** @param wanted whether somebody may ask for its sessions from now on */
  look(wanted: boolean): void;
  /** Sends what can be watched, under a number, until `hide`. */
  show(number: number, what: WatchSubject): void;
  /** The first process has taken so many values of a show: the worker may send more. */
  seen(number: number, count: number): void;
  hide(number: number): void;
  /** @param wanted whether to send events of sessions from now on */
  tellOfSessions(wanted: boolean): void;
  /** Begins to write a part of a file that all workers write. */
  save(number: number, part: PartOrder): Promise<void>;
  saved(number: number): PackedProgress | undefined;
  /** Resolves when its part is complete. */
  endSave(number: number): Promise<PackedProgress | undefined>;
}

/** The calls of the first process to a worker. */
export interface WorkerCalls extends GenerationCalls, QuestionCalls {
  /** Calls `answered`, at once. */
  answer(): void;
  /** Binds the datagram sockets, after the worker that had them has died. */
  takeDatagrams(places: Addresses): Promise<void>;
  /** Hands over a client of a socket. @param elsewhere the numbers of sessions in the other workers, including clients on their way */
  connection(socket: number, elsewhere: Elsewhere, connection: Connection): void;
  /** Sets the keys of TLS session tickets. */
  ticketKeys(keys: Uint8Array): void;
  /** Sends a standing of an endpoint that is in force now. */
  standing(standing: AgreedStanding): void;
  close(drainMs: number): Promise<void>;
}

/** The calls of a worker to the first process. */
export interface FirstCalls {
  /** The worker can be asked from now on. */
  up(): void;
  /** The worker takes no more connections, and has no sockets of its own any more: it drains after a fault of the core, and ends. */
  leaving(): void;
  /** The worker answers. @param debugged whether a debugger may stop it */
  answered(debugged: boolean): void;
  /** The worker has taken so many connections. @param open its open sessions now */
  taken(count: number, open: OpenHere): void;
  /** Reports the numbers of sessions that its clients have now. */
  counted(clients: readonly CountedClient[]): void;
  /** The number of sessions that a client has on a listener in the other workers. */
  sessionsOf(listener: string, client: string): number;
  event(event: PackedEvent): void;
  /** A plugin of a generation on trial has failed. */
  tried(generation: number, fault: TrialFault): void;
  /** A log record as JSON, which includes its level. */
  log(line: string): void;
  /** A value of a show. @param missed the number of values that were left out before it, as there was no room */
  shown(number: number, value: unknown, missed: number): void;
  /** Takes tokens from a bucket, as {@link SharedBuckets.take}. */
  take(price: BucketPayment): number;
  once(key: string): Said | Promise<Said>;
  /** Asks to put an endpoint out. @param seen the version that the worker knows @returns the newest version */
  eject(standing: EndpointStanding, seen: number): number;
  /** Reports a standing in this worker. */
  standing(standing: EndpointStanding): void;
  forgetEndpoint(listener: string, endpoint: string): void;
  /** Reports an answer that the worker was told to find out. */
  found(key: string, number: number, found: Found<unknown>): void;
  /** Reports that it has no answer. @param error undefined: it has not tried */
  notFound(key: string, number: number, error: PackedError | undefined): void;
}
