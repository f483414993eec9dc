import { SluiceError, type EarlyUpstream, type FirstBytesBounds, type FirstBytesReader, type Upstream } from "../../contract/index.ts";
import { readFirst, upstreamCodes } from "../first-reading.ts";
import { FirstOfStream } from "./first-of-stream.ts";
import type { StreamLeg } from "./stream-leg.ts";

/** An upstream's leg that a plugin talks to before the flows do. */
export class EarlyLeg implements EarlyUpstream {
  readonly endpoint: string;
  readonly #leg: StreamLeg;

  /** @throws SLUICE_INTERNAL for a leg that is not a stream socket */
  constructor({ endpoint, leg }: Upstream) {
    if (!("readEarly" in leg))
      throw new SluiceError("SLUICE_INTERNAL", `openUpstream needs an upstream that is dialled over a stream, and ${endpoint} is none`);
    this.endpoint = endpoint;
    this.#leg = leg as StreamLeg;
  }

  readFirst<T>(reader: FirstBytesReader<T>, bounds: FirstBytesBounds = {}): Promise<T> {
    return readFirst(new FirstOfStream(this.#leg), reader, bounds, { name: `upstream ${this.endpoint}`, codes: upstreamCodes });
  }

  write(data: Buffer): void {
    this.#leg.write(data);
  }
}
