import type { ResolvedConfig, SocketAddress } from "../../../contract/index.ts";
import type { ReloadReport } from "../../../runtime/generation/reload-plan.ts";
import { prepareFollowers, type Followers, type PreparedFollowers } from "../../../runtime/proxy/make-ready.ts";
import type { Addresses } from "../../wire/calls.ts";
import { addressesOf } from "../../wire/sent-address.ts";
import type { SharedParts } from "../shared/shared-parts.ts";
import type { PlannedSockets, SharedSockets } from "../sockets/shared-sockets.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";

/** Milliseconds for a step that a living worker does at once. A commit cannot fail and takes nearly no time, so a worker that does not answer hangs. */
export const AT_ONCE_MS = 15_000;

/** The participants of a round. */
export interface RoundParts {
  readonly workers: readonly WorkerProcess[];
  /** The worker that binds the datagram sockets. */
  readonly owner: WorkerProcess | undefined;
  readonly sockets: SharedSockets;
  readonly followers: Followers;
  readonly shared: SharedParts;
  /** The addresses of datagram listeners that are already bound. */
  readonly datagrams: Addresses;
}

/** The result of a round that no worker has refused. */
export interface RoundOutcome {
  readonly datagrams: Addresses;
  /** Puts the generation into force in all workers. Resolves when new sessions use it in all of them. */
  commit(admin: () => SocketAddress | undefined): Promise<void>;
  /** Resolves with the reports when the open sessions have followed. */
  followed(): Promise<readonly ReloadReport[]>;
}

/**
 * One step of a generation in all workers. If one of them refuses it, it is removed from all.
 *
 * @param deadlineMs milliseconds for the step
 * @throws the error that refused it; SLUICE_WORKER_LOST if a worker died, or did not answer in time
 */
export async function inAll<T>(
  workers: readonly WorkerProcess[],
  deadlineMs: number,
  ask: (worker: WorkerProcess) => Promise<T>,
): Promise<readonly T[]> {
  try {
    return await Promise.all(workers.map(ask));
  } catch (error) {
    await abandonAll(workers, deadlineMs);
    throw error;
  }
}

/**
 * Brings a generation that is set up in all workers to the point where all can commit it. If one worker refuses it, it is removed from all.
 *
 * @param deadlineMs milliseconds for each step
 * @param lost called with a message for each socket that could not be bound again
 * @throws the error that refused it; SLUICE_WORKER_LOST if a worker died, or did not answer in time
 */
export async function agree(
  parts: RoundParts,
  config: ResolvedConfig,
  deadlineMs: number,
  lost: (message: string) => void,
): Promise<RoundOutcome> {
  const { workers, owner, sockets, followers } = parts;
  let following: PreparedFollowers | undefined;
  let planned: PlannedSockets | undefined;
  try {
    const ready = (following = await prepareFollowers(config, followers));
    planned = await sockets.bind(config, ready.socket);
    const { plan: streams } = planned;
    const bound = await Promise.all(
      workers.map((worker) =>
        worker.channel.order(deadlineMs, "bind", { streams, ownsDatagrams: worker === owner, datagrams: parts.datagrams }),
      ),
    );
    // Without a worker, the next one binds the same ports.
    const datagrams = workers.length === 0 ? parts.datagrams : addressesOf(new Map(bound.flatMap((own) => [...own])));
    const ofSockets = planned;
    return {
      datagrams,
      commit: async (admin) => {
        ready.begin();
        ofSockets.commit();
        await commitAll(workers, { datagrams, admin: admin() }, (worker) => {
          worker.serves = sockets.ids;
          worker.servesSince ??= performance.now();
        });
      },
      followed: () => reports(workers, deadlineMs),
    };
  } catch (error) {
    for (const message of (await planned?.undo()) ?? []) lost(message);
    following?.abandon();
    await abandonAll(workers, deadlineMs);
    throw error;
  }
}

/** Commits in all workers. A worker that dies or hangs is replaced by one that starts with the generation in force. */
export async function commitAll(
  workers: readonly WorkerProcess[],
  state: { readonly datagrams: Addresses; readonly admin: SocketAddress | undefined },
  done: (worker: WorkerProcess) => void = () => undefined,
): Promise<void> {
  await Promise.all(
    workers.map(async (worker) => {
      try {
        await worker.channel.order(AT_ONCE_MS, "commit", state);
        done(worker);
      } catch (error) {
        if (!worker.isGone) worker.kill(error);
      }
    }),
  );
}

/** The reports of the workers that live long enough to send one. */
export async function reports(workers: readonly WorkerProcess[], deadlineMs: number): Promise<readonly ReloadReport[]> {
  const all = await Promise.allSettled(workers.map((worker) => worker.channel.order(deadlineMs, "followed")));
  return all.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

async function abandonAll(workers: readonly WorkerProcess[], deadlineMs: number): Promise<void> {
  await Promise.all(workers.map((worker) => abandon(worker, deadlineMs)));
}

/** Tells a worker to give the generation up. If it does not answer it hangs, and is killed: it would otherwise wait for ever. */
async function abandon(worker: WorkerProcess, deadlineMs: number): Promise<void> {
  try {
    await worker.channel.order(deadlineMs, "abandon");
  } catch (error) {
    if (!worker.isGone) worker.kill(error);
  }
}
