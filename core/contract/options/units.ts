import { z } from "zod";
import { shown } from "./describe-issues.ts";

const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeUnits = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, KB: 1000, MB: 1000 ** 2, GB: 1000 ** 3 } as const;

/** Milliseconds, or a text like `"250ms"`, `"5s"`, `"2m"`, `"1h"`. */
export type Duration = number | string;
/** Bytes, or a text like `"64KiB"`, `"10MiB"`. */
export type Size = number | string;

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, suffix] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text.trim()) ?? [];
  const factor = suffix === undefined ? undefined : units[suffix];
  return factor === undefined ? undefined : Number(digits) * factor;
}

/** A schema for a text with a unit, or a plain number; its output is a number. */
export type UnitSchema = z.ZodType<number, number | string>;

function unit(units: Readonly<Record<string, number>>, expected: string, digits = false): UnitSchema {
  const wrong = (value: unknown): string => (value === undefined ? `expected ${expected}` : `expected ${expected}, got ${shown(value)}`);
  return z.union([z.number(), z.string()], { error: (issue) => wrong(issue.input) }).transform((value, context) => {
    const parsed = typeof value === "number" ? value : digits && /^\d+$/.test(value) ? Number(value) : parse(value, units);
    if (parsed !== undefined && Number.isFinite(parsed) && parsed >= 0) return parsed;
    context.addIssue({ code: "custom", message: wrong(value) });
    return z.NEVER;
  });
}

/** The longest time in milliseconds that a timer can wait: with a longer one, Node's timer fires at once. */
export const LONGEST_WAIT = 2 ** 31 - 1;

export interface DurationRule {
  /** `false`: the duration must be more than 0. `true`: the option's documentation says what 0 means. @default true */
  readonly zero?: boolean;
  /** `true`: the duration is only compared with other times and no timer waits for it, so it may be of any length. @default false: at most 24 days */
  readonly compared?: boolean;
  /** `true`: it is part of an address, where everything is text, so digits alone are milliseconds too. @default false */
  readonly digits?: boolean;
}

/** A zod schema for a {@link Duration}; its output is milliseconds. */
export function duration({ zero = true, compared = false, digits = false }: DurationRule = {}): UnitSchema {
  return unit(durationUnits, 'a duration such as "250ms", "5s" or "2m", or milliseconds', digits)
    .refine((milliseconds) => zero || milliseconds > 0, { error: "expected more than 0", abort: true })
    .refine((milliseconds) => compared || milliseconds <= LONGEST_WAIT, {
      error: "expected at most 24 days, the longest that a timer can wait",
    });
}
/** A zod schema for a {@link Size}; its output is bytes. */
export const size = (): UnitSchema => unit(sizeUnits, 'a size such as "64KiB" or "10MiB", or bytes');
