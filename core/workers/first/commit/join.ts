import type { ResolvedConfig } from "../../../contract/index.ts";
import type { Addresses, GenerationOrder } from "../../wire/calls.ts";
import { addressesOf } from "../../wire/sent-address.ts";
import type { RoundParts } from "./round.ts";
import { deadlineOf } from "../processes/within.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";

/**
 * Prepares a new worker until it can commit the generation that the others are on.
 *
 * @returns the addresses of the listeners that it has bound itself
 * @throws the error that refuses the generation in the worker; SLUICE_WORKER_LOST
 */
export async function join(
  worker: WorkerProcess,
  order: GenerationOrder,
  { owner, sockets, datagrams, shared }: RoundParts,
  config: ResolvedConfig,
): Promise<Addresses> {
  await worker.prepare(order, config);
  shared.prepared(worker);
  const plan = { streams: sockets.plan, ownsDatagrams: worker === owner, datagrams };
  return addressesOf(await worker.channel.order(deadlineOf(config), "bind", plan));
}
