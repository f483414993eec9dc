import type { ResolvedConfig, SocketAddress } from "../../contract/index.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { PreparedCompanion } from "../../runtime/proxy/companion.ts";
import type { Followers } from "../../runtime/proxy/make-ready.ts";
import type { PreparedLog } from "../../runtime/log/logger.ts";
import type { Addresses, GenerationOrder, WatchedFiles } from "../wire/calls.ts";
import { addressesOf } from "../wire/sent-address.ts";
import type { SharedParts } from "./shared-parts.ts";
import type { PlannedSockets, SharedSockets } from "./shared-sockets.ts";
import { within } from "./within.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** A commit cannot fail and takes no time: who does not answer hangs. */
const COMMIT_MS = 15_000;

/** Who takes part in a round. */
export interface Parts {
  readonly workers: readonly WorkerProcess[];
  /** Binds the sockets that take datagrams. */
  readonly owner: WorkerProcess | undefined;
  readonly sockets: SharedSockets;
  readonly followers: Followers;
  readonly shared: SharedParts;
  /** Where those are that are bound. */
  readonly datagrams: Addresses;
}

/** What all have agreed on. */
export interface Agreed {
  readonly watched: readonly WatchedFiles[];
  readonly datagrams: Addresses;
  /** Puts it into force everywhere. Resolves when new sessions are on it, everywhere. */
  commit(admin: () => SocketAddress | undefined): Promise<void>;
  /** What became of the open sessions. */
  followed(): Promise<readonly ReloadReport[]>;
}

/**
 * Brings one generation to where all workers can commit it: set up everywhere, then bound everywhere. When it is refused anywhere, nothing is
 * left of it anywhere.
 *
 * @param deadlineMs for each of the two steps
 * @param lost told what could not be bound again
 * @throws what refused it; SLUICE_WORKER_LOST when a worker died, or did not answer in time
 */
export async function agree(
  parts: Parts,
  { order, config }: { readonly order: GenerationOrder; readonly config: ResolvedConfig },
  deadlineMs: number,
  lost: (message: string) => void,
): Promise<Agreed> {
  const { workers, owner, sockets, followers } = parts;
  const ready: (PreparedLog | PreparedCompanion | undefined)[] = [];
  let planned: PlannedSockets | undefined;
  try {
    ready.push(followers.log?.prepare(config));
    ready.push(await followers.companion?.prepare(config));
    const watched = await each(workers, deadlineMs, (worker) => worker.channel.call("prepare", order));
    planned = await sockets.bind(config);
    const { plan: streams } = planned;
    const bound = await each(workers, deadlineMs, (worker) =>
      worker.channel.call("bind", { streams, ownsDatagrams: worker === owner, datagrams: parts.datagrams }),
    );
    const datagrams = addressesOf(new Map(bound.flatMap((own) => [...own])));
    const ofSockets = planned;
    return {
      watched,
      datagrams,
      commit: async (admin) => {
        for (const follower of ready) follower?.begin();
        ofSockets.commit();
        await commitAll(parts, datagrams, admin());
      },
      followed: () => reports(workers, deadlineMs),
    };
  } catch (error) {
    for (const message of (await planned?.undo()) ?? []) lost(message);
    for (const follower of ready) follower?.abandon();
    await Promise.all(workers.map((worker) => abandon(worker, deadlineMs)));
    throw error;
  }
}

/** One that has died is replaced on this generation; so is one that hangs. */
async function commitAll({ workers, sockets }: Parts, datagrams: Addresses, admin: SocketAddress | undefined): Promise<void> {
  await Promise.all(
    workers.map(async (worker) => {
      try {
        await within(COMMIT_MS, worker.channel.call("commit", { datagrams, admin }), `the commit of ${String(worker)}`);
        worker.serves = sockets.ids;
        worker.servesSince ??= performance.now();
      } catch {
        if (!worker.isGone) worker.kill();
      }
    }),
  );
}

/** Of those that live long enough to tell. */
async function reports(workers: readonly WorkerProcess[], deadlineMs: number): Promise<readonly ReloadReport[]> {
  const all = await Promise.allSettled(
    workers.map((worker) => within(deadlineMs, worker.channel.call("followed"), `the sessions of ${String(worker)}`)),
  );
  return all.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

function each<T>(workers: readonly WorkerProcess[], deadlineMs: number, ask: (worker: WorkerProcess) => Promise<T>): Promise<T[]> {
  return Promise.all(workers.map((worker) => within(deadlineMs, ask(worker), `the generation in ${String(worker)}`)));
}

/** One that cannot even be told to forget it hangs, and would wait for it for ever. */
async function abandon(worker: WorkerProcess, deadlineMs: number): Promise<void> {
  try {
    await within(deadlineMs, worker.channel.call("abandon"), `the retreat of ${String(worker)}`);
  } catch {
    if (!worker.isGone) worker.kill();
  }
}
