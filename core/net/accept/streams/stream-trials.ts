import { fastAcceptWorks } from "../../node/fast-accept.ts";
import { tryLateOnread } from "../../node/late-onread.ts";
import { tryResets } from "../../node/reset-means.ts";
import { tryTruncation } from "../../node/tls/truncation.ts";

/** Tries the undocumented parts of Node that stream sockets need, once per process. @returns whether sockets can be accepted fast */
export async function tryStreams(): Promise<boolean> {
  const [fast] = await Promise.all([fastAcceptWorks(), tryLateOnread(), tryTruncation(), tryResets()]);
  return fast;
}
