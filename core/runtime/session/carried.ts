import type { Traffic } from "../../contract/index.ts";

const NOTHING: Traffic = { bytes: 0, chunks: 0 };

/** The traffic of one direction of a session: in its flow and in its relay of datagrams. */
export function carried(relayed: Traffic | undefined, flow: Traffic | undefined): Traffic {
  if (relayed === undefined) return flow ?? NOTHING;
  const { bytes, chunks } = flow ?? NOTHING;
  return { bytes: bytes + relayed.bytes, chunks: chunks + relayed.chunks };
}
