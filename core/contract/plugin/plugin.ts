import type { SocketAddress } from "../addresses/address.ts";
import type { SchemaIssue } from "../options/describe-issues.ts";
import type { Hooks } from "../session/hooks.ts";
import type { FileProgress, JoinFiles } from "./file-progress.ts";
import type { ShownCertificate } from "./shown-certificate.ts";

/**
 * What a plugin can need of its listener: `"requests"`: HTTP requests, from a plugin that has `"exchange"` in `answersIn`; `"datagrams"`: a `udp://`
 * listener; `"plaintext"`: on a `tls://` listener, a plugin that has `terminatesTls`, in front of it if it reads in `admit`; `"termination"`: a plugin
 * that has `terminatesTls` behind it.
 */
export type PluginNeed = "requests" | "datagrams" | "plaintext" | "termination";

/** A plugin: hooks and a life cycle. One instance per plugin use per listener, made when a generation is built. */
export interface Plugin extends Hooks {
  /**
   * Milliseconds for a client's whole TLS handshake, including its ClientHello. For a plugin that calls `startTls`: it is a property of the
   * plugin because on a `tls://` listener the ClientHello is read before `admit`. Read once; of several plugins the smallest value applies.
   * @default `timeouts.handshake`
   */
  readonly handshakeTimeout?: number | undefined;
  /**
   * `true`: on a `tls://` listener its `admit` hook, and those of the plugins in front of it, run before the ClientHello is read, so that
   * `session.readFirst` sees the bytes before TLS. In these hooks `session.tls` is undefined. Read once. @default false
   */
  readonly beforeTls?: boolean | undefined;
  /**
   * `true`: a `tls://` listener also serves a client whose first byte does not begin TLS; its `session.tls` is undefined. Read once. @default false
   */
  readonly allowsPlain?: boolean | undefined;
  /**
   * `true`: sessions with the same input may have different output on purpose, for example by chance, by a cache, or by their number. Only the tests
   * of `sluice/testing` read it: they do not compare sessions then. @default false
   */
  readonly sessionsDiffer?: boolean | undefined;
  /**
   * The hooks in which this plugin never subscribes to its source, because it answers by itself. In plugins behind it these hooks are never called,
   * and a warning says so. Read once. @default none
   */
  readonly answersIn?: readonly ("connect" | "exchange")[] | undefined;
  /**
   * What the plugin, with its options, needs of its listener. Where a listener does not have it, a warning says so. Read once.
   * @default `["requests"]` for a plugin with an `exchange` hook, no other hook and no `setup`; else none
   */
  readonly needs?: readonly PluginNeed[] | undefined;
  /** `true`: it does the client's TLS in `admit`, so that plugins behind it and the upstream get decrypted data. Read once. @default false */
  readonly terminatesTls?: boolean | undefined;
  /**
   * On a UDP listener: returns the key of the session that a datagram belongs to, for a peer that sends for many clients, such as a proxy in
   * front. Datagrams of one peer with the same key are one session. Called for each datagram, before anything else: it must be fast. The first
   * plugin that has it decides; an exception is a fault of that plugin, and counts as the key "". @default one session per peer
   */
  flowOf?(datagram: Buffer, peer: Pick<SocketAddress, "address" | "family" | "port">): string;
  /** Called before the generation goes live. Throwing (or rejecting) refuses the generation. */
  setup?(): void | Promise<void>;
  /** Called once the last session has left; also after a failed `setup`. */
  teardown?(): void | Promise<void>;
  /** Takes over the state of the instance it replaces (same listener, same name), after `setup` and before the swap. */
  inherit?(previous: this): void;
  /** For a plugin that records what it observes in a file: the progress of the file. Called while a call such as `POST captures` uses the plugin. */
  progress?(): FileProgress;
  /** For a plugin that terminates TLS: the certificates that it shows now, for the metrics. Called whenever the metrics are read. */
  certificates?(): readonly ShownCertificate[];
}

/** What a function plugin returns. */
export interface FunctionPlugin extends Plugin {
  /** `true`: no hook keeps a chunk after the call that delivered it. @default false */
  readonly borrows?: boolean;
}

/**
 * A class whose constructor parameters are injected: by the tokens of its static `inject`, in their order, or by tsyringe's decorators
 * (`@inject(LOGGER)`), which need `experimentalDecorators` in tsconfig.json.
 */
export interface PluginClass {
  // oxlint-disable-next-line typescript/no-explicit-any -- parameters are tsyringe's business: the container alone constructs it
  new (...dependencies: any[]): Plugin;
  /** `true`: no hook of the class keeps a chunk after the call that delivered it, so large reads may be lent. @default false */
  readonly borrows?: boolean;
  /** For a class with `progress()`: makes one file of those that several workers have written. Called in the process that has no sessions. */
  readonly join?: JoinFiles;
  /** The token of each constructor parameter. */
  readonly inject?: readonly (InjectionKey<unknown> | string)[];
}

/** What an exception in a hook ends: the session, or only the plugin's part in that session. */
export type OnError = "close" | "bypass";

/** What every plugin factory takes beside its own options. */
export interface UseOptions {
  /** `false`: the plugin is left out, as if it were not in the config. @default true */
  readonly enabled?: boolean;
  /** The identity of this use within its listener. @default the plugin's id, then `-2`, `-3` */
  readonly name?: string;
  /** When a byte hook throws: `"close"` ends the session, `"bypass"` leaves the plugin out of it. @default "close" */
  readonly onError?: OnError;
}

/** The schema that a plugin's options are checked with, such as a zod schema. */
export interface OptionsSchema {
  /** Checks options, and returns them with their defaults, or what is wrong with them. */
  safeParse(input: unknown): { success: true; data: unknown } | { success: false; error: { issues: readonly SchemaIssue[] } };
}

/** Asks the generation's container for a token. */
export type Inject = <T>(token: InjectionKey<T> | string) => T;

/** A token, with the type of the value that it stands for. */
export type InjectionKey<T> = symbol & { readonly __type?: T };

/** What a factory makes plugin uses from. */
export interface PluginDefinition {
  /** The name of the plugin, in logs and metrics. */
  readonly id: string;
  /** The class, or the function that returns the hooks. */
  readonly make: PluginClass | ((options: never, inject: Inject) => FunctionPlugin);
  /** Whether `make` is a class. */
  readonly isClass: boolean;
  /** Checks the options; undefined: they are not checked. */
  readonly schema: OptionsSchema | undefined;
  /** Top-level keys the schema knows, for "did you mean". */
  readonly keys: readonly string[];
  /**
   * Digest of the local module that defined it and of every local module that this module imports: equal digests mean equal code.
   * Undefined for a package's plugin, whose definition stays the same object over reloads, and for one defined after a top-level
   * `await` of the config itself: two different definitions without an origin count as different code.
   */
  readonly origin: string | undefined;
  /** An error made where the plugin was defined: the place to show for a fault whose own stack does not lead to the plugin. */
  readonly definedAt?: Error;
}

/** A plugin in a config: class + options + name + enabled + onError. Made by a factory, never by hand. */
export interface PluginUse extends Required<Pick<UseOptions, "enabled" | "onError">> {
  /** What made it. */
  readonly definition: PluginDefinition;
  /** The id of the plugin. */
  readonly id: string;
  /** As given; undefined: derived from the id. */
  readonly name: string | undefined;
  /** As given; checked against the schema when the config is checked. */
  readonly options: unknown;
}
