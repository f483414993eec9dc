import { SluiceError, type Upstream } from "../../contract/index.ts";
import { differenceOf } from "../values/difference.ts";
import { shortBytes } from "../values/shown.ts";

/** An event at one moment, as RxJS's `TestScheduler` records it. */
export interface Frame {
  readonly frame: number;
  readonly notification: { readonly kind: string; readonly value?: unknown; readonly error?: unknown };
}

/** Stands for any error. */
export const anyError = Symbol("any error");

/** Compares the recorded events with the expected ones. @throws SLUICE_TEST_FAILED with both, side by side */
export function compareFrames(actual: readonly Frame[], expected: readonly Frame[]): void {
  const count = Math.max(actual.length, expected.length);
  const at = Array.from({ length: count }, (_, index) => index).find((index) => !isSame(actual[index], expected[index]));
  if (at === undefined) return;
  const rows = Array.from({ length: count }, (_, index) => row(actual[index], expected[index]));
  const table = [`  ${"expected".padEnd(42)}| got`, ...rows].join("\n");
  const [wanted, got] = [expected[at]?.notification.value, actual[at]?.notification.value];
  const bytes = Buffer.isBuffer(wanted) && Buffer.isBuffer(got) ? differenceOf(wanted, got) : undefined;
  throw new SluiceError("SLUICE_TEST_FAILED", `the output is not the expected one:\n${table}\n${bytes === undefined ? "" : `${bytes}\n`}`);
}

function isSame(actual: Frame | undefined, expected: Frame | undefined): boolean {
  if (actual === undefined || expected === undefined || actual.frame !== expected.frame) return false;
  const [got, wanted] = [actual.notification, expected.notification];
  if (got.kind !== wanted.kind) return false;
  if (got.kind === "E") return wanted.error === anyError || namesOf(got.error).includes(String(wanted.error));
  return got.kind === "C" || isSameValue(got.value, wanted.value);
}

function isSameValue(got: unknown, wanted: unknown): boolean {
  if (Buffer.isBuffer(wanted)) return got instanceof Uint8Array ? wanted.equals(got) : isUpstream(got) && got.endpoint === String(wanted);
  return got === wanted;
}

/** The texts by which an error can be expected: its code, or its message. */
function namesOf(error: unknown): string[] {
  if (SluiceError.is(error)) return [error.code, error.message, error.detail];
  return error instanceof Error ? [error.message, error.name] : [String(error)];
}

function row(actual: Frame | undefined, expected: Frame | undefined): string {
  return `${isSame(actual, expected) ? " " : "!"} ${shown(expected).padEnd(42)}| ${shown(actual)}`;
}

function shown(given: Frame | undefined): string {
  if (given === undefined) return "";
  const { kind, value, error } = given.notification;
  const what =
    kind === "C"
      ? "completes"
      : kind === "E"
        ? `fails: ${error === anyError ? "any error" : (namesOf(error)[0] ?? "")}`
        : shownValue(value);
  return `${given.frame} ms`.padStart(9) + `  ${what}`;
}

function shownValue(value: unknown): string {
  if (value instanceof Uint8Array) return shortBytes(Buffer.from(value));
  return isUpstream(value) ? `a leg to ${value.endpoint}` : `${typeof value}, which is not bytes`;
}

function isUpstream(value: unknown): value is Upstream {
  return typeof value === "object" && value !== null && "endpoint" in value;
}
