import type { ResolvedConfig } from "../../contract/index.ts";
import type { Prepared } from "../generation/generation.ts";
import { bindListeners, type Bindings } from "../listener/bind-listeners.ts";
import type { Listener } from "../listener/listener.ts";
import type { ProxyLog } from "../log/logger.ts";
import type { SocketBeside } from "../listener/socket-beside.ts";
import type { Companion } from "./companion.ts";
import type { Member } from "./member.ts";

/** The parts that follow a config in addition to the listeners. */
export interface Followers {
  readonly log?: ProxyLog | undefined;
  readonly companion?: Companion | undefined;
  /** The other processes. */
  readonly member?: Member | undefined;
}

/** What a generation needs in addition to its pipelines, ready to be put into force. */
export interface MadeReady {
  readonly bindings: Bindings;
  /** Puts the log and the admin server into force. */
  begin(): void;
}

/**
 * Does everything that can still fail after the plugins are set up. On a failure it undoes everything.
 *
 * @param last called before the state of plugins is handed over; throws to refuse the config
 * @param lost called with a message for each socket that could not be bound again
 * @throws the error that refuses the config
 */
export async function makeReady(
  config: ResolvedConfig,
  {
    prepared,
    running,
    followers,
    last,
    lost,
  }: {
    readonly prepared: Prepared;
    readonly running: ReadonlyMap<string, Listener>;
    readonly followers: Followers;
    readonly last: () => void;
    readonly lost: (message: string) => void;
  },
): Promise<MadeReady> {
  const following = await prepareFollowers(config, followers);
  let bindings: Bindings | undefined;
  try {
    bindings = await bindAll(config, running, followers.member, following.socket);
    last();
    prepared.inherit();
    await followers.member?.agreed(bindings);
    last();
    return { bindings, begin: () => following.begin() };
  } catch (error) {
    for (const message of (await bindings?.undo()) ?? []) lost(message);
    following.abandon();
    throw error;
  }
}

/** The log and the admin server, ready to follow a config. */
export interface PreparedFollowers {
  /** The socket of the admin server, which is bound together with those of the listeners. */
  readonly socket: SocketBeside | undefined;
  /** Puts them into force. Nothing in here can fail. */
  begin(): void;
  /** Closes what was opened for them. The socket is not among it. */
  abandon(): void;
}

/** Prepares the log and the admin server for a config: both or none. */
export async function prepareFollowers(config: ResolvedConfig, followers: Followers): Promise<PreparedFollowers> {
  const log = followers.log?.prepare(config);
  try {
    const companion = await followers.companion?.prepare(config);
    return {
      socket: companion?.socket,
      begin: () => {
        log?.begin();
        companion?.begin();
      },
      abandon: () => {
        log?.abandon();
      },
    };
  } catch (error) {
    log?.abandon();
    throw error;
  }
}

function bindAll(
  config: ResolvedConfig,
  running: ReadonlyMap<string, Listener>,
  member: Member | undefined,
  beside: SocketBeside | undefined,
): Promise<Bindings> {
  return member === undefined ? bindListeners(config, running, { beside }) : member.bind(config, running);
}
