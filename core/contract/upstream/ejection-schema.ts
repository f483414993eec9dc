import { z } from "zod";
import { duration } from "../options/units.ts";
import { defaultEjection, type EjectionTarget } from "./ejection.ts";

/** The schema of an upstream's `ejection`. */
export const ejection = z.union([
  z.literal(false),
  z
    .strictObject({
      failures: z.int().min(1).max(1_000).default(defaultEjection.failures),
      time: duration({ zero: false }).prefault(defaultEjection.time),
      maxTime: duration({ zero: false }).optional(),
    })
    .check(({ value: { time, maxTime }, issues }) => {
      if (maxTime === undefined || maxTime >= time) return;
      issues.push({ code: "custom", input: maxTime, path: ["maxTime"], message: `expected at least time (${time} ms)` });
    })
    .transform(({ failures, time, maxTime = Math.max(time, defaultEjection.maxTime) }): EjectionTarget => ({ failures, time, maxTime })),
]);
