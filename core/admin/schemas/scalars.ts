import { z } from "zod";
import { directions } from "../../contract/index.ts";

/** The values of answers that have a unit. */
export const time = z.number().describe("Epoch milliseconds.");
export const milliseconds = z.number().describe("Milliseconds.");
export const bytes = z.int().min(0).describe("Bytes.");
export const count = z.int().min(0);
export const generation = z.int().min(0);
export const direction = z.enum(directions);

/** Values that a config or a plugin decides on. */
export const anything = z.record(z.string(), z.unknown());
