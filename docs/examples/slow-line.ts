import { definePlugin, duration, size } from "sluice";
import { delayBytes, throttleBytes } from "sluice/flow";
import { z } from "zod";

const schema = z.object({
  /** Added each way. */
  delay: duration().default(0),
  /** Bytes per second each way. */
  rate: size().default(Infinity),
});

/** A bad network: late and narrow, without losing a byte, and without filling the memory: both operators pause the sender. */
export const slowLine = definePlugin(
  "slow-line",
  ({ delay, rate }) => {
    // The time that a chunk takes on the line, asked once the one before it has passed.
    const takes = (bytes: number): number => (bytes * 1000) / rate;
    return {
      fromClient: (data) => data.pipe(throttleBytes(takes), delayBytes(delay)),
      fromUpstream: (data) => data.pipe(throttleBytes(takes), delayBytes(delay)),
    };
  },
  schema,
);
