import { fastAcceptWorks } from "../node/fast-accept.ts";
import { tryLateOnread } from "../node/late-onread.ts";
import { tryResets } from "../node/reset-means.ts";
import { tryTruncation } from "../node/tls-truncation.ts";

/** What stream sockets do that Node does not document is tried first, once per process. @returns whether sockets can be accepted fast */
export async function tryStreams(): Promise<boolean> {
  const [fast] = await Promise.all([fastAcceptWorks(), tryLateOnread(), tryTruncation(), tryResets()]);
  return fast;
}
