import { SluiceError, type SessionsBehind } from "../../contract/index.ts";
import { Behind } from "./behind.ts";
import type { BoundSocket } from "../../net/accept/bound-socket.ts";
import type { Bindings } from "./bind-listeners.ts";
import { Drain } from "./drain.ts";
import { Listener, type SessionWork } from "./listener.ts";
import type { LiveSession } from "../session/live-session.ts";
import { movedEndpoints } from "../generation/moved-endpoints.ts";
import type { ProxyState } from "../state/proxy-state.ts";
import { inSlices } from "../../contract/slices.ts";
import type { ListenerVersion } from "../version/listener-version.ts";

type Sockets = Bindings["sockets"];

/** Work that a commit leaves to be done with the open sessions of one listener, in their order. */
interface Following {
  readonly sessions: readonly LiveSession[];
  readonly work: SessionWork;
}

/**
 * The bound listeners of a proxy, and what a commit does to them. A commit has two steps (ADR 0015): `commit` is synchronous and short, and from then
 * on new sessions use the new generation; `follow` moves the open sessions in slices, each session in one step.
 */
export class Listeners {
  readonly #byName = new Map<string, Listener>();
  readonly #drain = new Drain();
  /** The sessions that could not follow the last commit. */
  #behind = new Behind();

  constructor(private readonly state: ProxyState) {}

  get byName(): ReadonlyMap<string, Listener> {
    return this.#byName;
  }

  /** Puts new versions into force. Nothing in here can fail. @returns the work on open sessions, for `follow` */
  commit(versions: ReadonlyMap<string, ListenerVersion>, { sockets }: Bindings): readonly Following[] {
    const open = this.#openSessions();
    this.#behind = new Behind();
    const following: Following[] = [];
    for (const listener of Array.from(this.#byName.values())) {
      const sessions = open.get(listener) ?? [];
      const works = this.#workOf(listener, versions.get(listener.name), sockets, sessions);
      for (const work of works) if (work !== undefined && sessions.length > 0) following.push({ sessions, work });
    }
    for (const [name, { bound, goesOn }] of sockets) if (goesOn === undefined) this.#add(name, bound, versions.get(name));
    this.#sort(versions.keys());
    return following;
  }

  /** Resolves when all sessions that were open at the commit have followed it or have ended. @returns the sessions that could not follow, if any */
  async follow(following: readonly Following[]): Promise<{ readonly behind?: SessionsBehind }> {
    for (const { sessions, work } of following) {
      // In sequence: each session belongs to one listener, and the commit decides on the order of its work.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await inSlices(sessions, (session) => {
        if (session.slot >= 0) session.undergo(work);
      });
    }
    return this.#behind.report();
  }

  /** Forgets every deadline of a drain. */
  stop(): void {
    this.#drain.stop();
  }

  /** The open sessions by listener. Worked out once for a commit, so that no listener has to keep a table of its own. */
  #openSessions(): ReadonlyMap<unknown, readonly LiveSession[]> {
    const open = new Map<unknown, LiveSession[]>();
    for (const sessions of [this.state.sessions, this.state.flows])
      for (const session of sessions) {
        const own = open.get(session.owner);
        if (own === undefined) open.set(session.owner, [session]);
        else own.push(session);
      }
    return open;
  }

  #workOf(
    listener: Listener,
    next: ListenerVersion | undefined,
    sockets: Sockets,
    open: readonly LiveSession[],
  ): (SessionWork | undefined)[] {
    const binding = sockets.get(listener.name);
    if (next !== undefined && binding?.goesOn === listener) return this.#continue(listener, next, binding.bound, open);
    const takenOver = Array.from(sockets.values()).some(({ from }) => from === listener);
    return [this.#remove(listener, takenOver, open)];
  }

  /** Puts the listeners in the order of the config, whatever was bound first. */
  #sort(names: Iterable<string>): void {
    for (const name of names) {
      const listener = this.#byName.get(name);
      if (listener === undefined || !this.#byName.delete(name)) continue;
      this.#byName.set(name, listener);
    }
  }

  #add(name: string, bound: BoundSocket, version: ListenerVersion | undefined): void {
    if (version === undefined) return;
    const listener = new Listener(name, bound, version, this.state);
    const { url } = listener;
    this.#byName.set(name, listener);
    listener.start();
    this.state.hub.lifecycle.next({ type: "listening", listener: name, url });
  }

  #move(listener: Listener, bound: BoundSocket): void {
    const { lifecycle } = this.state.hub;
    lifecycle.next({ type: "unlistening", listener: listener.name, url: listener.url });
    listener.moveTo(bound);
    lifecycle.next({ type: "listening", listener: listener.name, url: listener.url });
  }

  #continue(listener: Listener, next: ListenerVersion, bound: BoundSocket, open: readonly LiveSession[]): (SessionWork | undefined)[] {
    const before = listener.version;
    listener.version = next;
    listener.trial = undefined;
    if (next !== before) next.replaces(before);
    if (bound !== listener.bound) this.#move(listener, bound);
    return [this.#treatment(before, next, open), listener.configure()];
  }

  /** The work on a listener's open sessions. Sessions that began on the new version during its trial are left out. */
  #treatment(before: ListenerVersion, next: ListenerVersion, open: readonly LiveSession[]): SessionWork | undefined {
    const { gone, isOther } = movedEndpoints(before.config, next.config);
    const isSame = next.pipeline === before.pipeline;
    if (isSame && !isOther) return undefined;
    const isConcerned = (session: LiveSession): boolean => session.version !== next && (!isSame || session.isAt(gone));
    const work = this.#byPolicy(next, open.filter(isConcerned), gone);
    if (work === undefined) return undefined;
    return (session) => {
      if (isConcerned(session)) work(session);
      if (isOther && session.version !== next) session.upstreamReplaced();
    };
  }

  /** What to do with open sessions, by `reload.sessions` of the new config. */
  #byPolicy({ pipeline, config }: ListenerVersion, open: readonly LiveSession[], gone: ReadonlySet<string>): SessionWork | undefined {
    const { sessions, deadlineMs } = config.reload;
    const behind = this.#behind;
    if (sessions === "swap")
      return (session) => {
        // Only flows are at a gone endpoint. A flow has no connection to lose: the client's next datagram begins another flow, at the new upstream.
        if (session.isAt(gone)) session.fail(new SluiceError("SLUICE_CLOSED", "its upstream is another since a reload"));
        else behind.note(session, session.swapTo(pipeline));
      };
    if (sessions === "close") return (session) => session.fail(new SluiceError("SLUICE_CLOSED", "closed by a reload"));
    return sessions === "drain" ? this.#drain.begin(open, deadlineMs) : undefined;
  }

  #remove(listener: Listener, takenOver: boolean, open: readonly LiveSession[]): SessionWork {
    const { name, url } = listener;
    this.#byName.delete(name);
    if (takenOver) listener.handOver();
    else listener.close();
    this.state.hub.lifecycle.next({ type: "unlistening", listener: name, url });
    // Datagram flows use the listener's socket, and end with it.
    if (!takenOver && listener.datagrams)
      return (session) => session.fail(new SluiceError("SLUICE_CLOSED", `listener "${name}" was closed`));
    return this.#drain.begin(open, listener.version.config.reload.deadlineMs);
  }
}
