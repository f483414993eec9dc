import type { SchemaIssue } from "./options/describe-issues.ts";
import type { SocketAddress } from "./address.ts";
import type { FileProgress } from "./file-progress.ts";
import type { Hooks } from "./hooks.ts";

/** A plugin: hooks and a life cycle. One instance per plugin use per listener, built when a generation is. */
export interface Plugin extends Hooks {
  /**
   * Milliseconds that a client has for its whole TLS handshake, its ClientHello included: what a plugin that calls `startTls` has, since
   * the hello of a `tls://` listener is read before its `admit`. Read once; the smallest of several holds. @default `timeouts.handshake`
   */
  readonly handshakeTimeout?: number | undefined;
  /**
   * On a `tls://` listener its `admit` hook, and those of the plugins in front of it, run before the ClientHello is read, so that
   * `session.readFirst` sees what comes before TLS. `session.tls` is undefined there. Read once. @default false
   */
  readonly beforeTls?: boolean | undefined;
  /**
   * On a `tls://` listener a client is served too whose first byte does not begin TLS: `session.tls` is undefined then. Read once. @default false
   */
  readonly allowsPlain?: boolean | undefined;
  /**
   * On a UDP listener: which of a peer's sessions a datagram belongs to, where one peer speaks for many clients, as a proxy in front does.
   * Datagrams of one peer for which it gives the same text are one session. Asked for each datagram, before anything else: it must be quick.
   * The first plugin that has it decides, and what it throws counts as its fault and as "". @default one session per peer
   */
  flowOf?(datagram: Buffer, peer: Pick<SocketAddress, "address" | "family" | "port">): string;
  /** Before the generation goes live. Throwing (or rejecting) refuses the generation. */
  setup?(): void | Promise<void>;
  /** Once the last session has left; also after a failed `setup`. */
  teardown?(): void | Promise<void>;
  /** Takes over the state of the instance it replaces (same listener, same name), after `setup` and before the swap. */
  inherit?(previous: this): void;
  /** Of a plugin that writes a file of what it watches: how far that is. Asked for while a call such as `POST captures` has it at work. */
  progress?(): FileProgress;
}

/** What a function plugin returns. */
export interface FunctionPlugin extends Plugin {
  /** No hook keeps a chunk past its own call. @default false */
  readonly borrows?: boolean;
}

/**
 * A class whose constructor parameters are injected: by the tokens of its static `inject`, in their order, or by tsyringe's decorators
 * (`@inject(LOGGER)`), which need `experimentalDecorators` in tsconfig.json.
 */
export interface PluginClass {
  // oxlint-disable-next-line typescript/no-explicit-any -- parameters are tsyringe's business: the container alone constructs it
  new (...dependencies: any[]): Plugin;
  /** No hook of the class keeps a chunk past its own call, so large reads may be lent. @default false */
  readonly borrows?: boolean;
  /** The token of each constructor parameter. */
  readonly inject?: readonly (InjectionKey<unknown> | string)[];
}

/** What an exception in a hook costs: the session, or the plugin on that session. */
export type OnError = "close" | "bypass";

/** What every plugin factory takes beside its own options. */
export interface UseOptions {
  /** @default true */
  readonly enabled?: boolean;
  /** The identity of this use within its listener. @default the plugin's id, then `-2`, `-3` */
  readonly name?: string;
  /** @default "close" */
  readonly onError?: OnError;
}

/** What a plugin's options are checked with; a zod schema is one. */
export interface OptionsSchema {
  safeParse(input: unknown): { success: true; data: unknown } | { success: false; error: { issues: readonly SchemaIssue[] } };
}

/** Asks the generation's container for a token. */
export type Inject = <T>(token: InjectionKey<T> | string) => T;

/** A token and the type of what it stands for. */
export type InjectionKey<T> = symbol & { readonly __type?: T };

/** What a factory makes plugin uses of. */
export interface PluginDefinition {
  readonly id: string;
  readonly make: PluginClass | ((options: never, inject: Inject) => FunctionPlugin);
  /** Whether `make` is a class. */
  readonly isClass: boolean;
  readonly schema: OptionsSchema | undefined;
  /** Top-level keys the schema knows, for "did you mean". */
  readonly keys: readonly string[];
  /**
   * Digest of the local module that defined it and of every local module that one imports: equal digests mean equal code.
   * Undefined for a package's plugin, whose definition stays the same object over reloads, and for one defined after a top-level
   * `await` of the config itself: two different definitions without an origin count as different code.
   */
  readonly origin: string | undefined;
  /** Made where it was defined: the next best place for a fault whose own stack does not lead to the plugin. */
  readonly definedAt?: Error;
}

/** A plugin in a config: class + options + name + enabled + onError. Made by a factory, never by hand. */
export interface PluginUse extends Required<Pick<UseOptions, "enabled" | "onError">> {
  readonly definition: PluginDefinition;
  readonly id: string;
  /** As given; undefined: derived from the id. */
  readonly name: string | undefined;
  /** As given; checked against the schema when the config is. */
  readonly options: unknown;
}
