import type { Upstream } from "../../contract/index.ts";
import type { StreamLeg } from "../legs/stream-leg.ts";

/** What a session keeps of an open upstream. A class, for the reason given in ChunkQueue. */
export class OpenUpstream implements Upstream {
  constructor(
    readonly endpoint: string,
    readonly leg: StreamLeg,
    readonly protocol: string | undefined,
  ) {}
}
