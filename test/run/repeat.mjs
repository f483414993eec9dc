// What failed beside other specs runs once more, alone: a busy machine is told apart from a fault.

import { specOf } from "./spec-of.mjs";

/** So many failed specs are no accident, and would take long. */
const mostSpecs = 20;

function specsToRepeat(root, { batch, counts }) {
  const named = counts.failures.map(({ file }) => file && specOf(root, file));
  // A leak, or a run that broke off, belongs to no spec: any of the batch may have caused it.
  return named.every((spec) => batch.includes(spec)) ? batch.filter((spec) => named.includes(spec)) : batch;
}

/**
 * @param outcomes how batches ended: `batch` (its specs, none for a check) and `counts` (`passed`, `failed`, `skipped`, `failures`)
 * @returns for each failed outcome, the specs that run again in one process; nothing where too much failed
 */
export function toRepeat(root, outcomes) {
  const failed = outcomes.filter(({ batch, counts }) => batch.length > 0 && counts.failed > 0);
  const repeats = failed.map((outcome) => ({ outcome, batch: specsToRepeat(root, outcome) }));
  const specs = repeats.reduce((sum, { batch }) => sum + batch.length, 0);
  return specs > mostSpecs ? [] : repeats;
}

/** @returns the counts of an outcome whose failed specs all passed the second time */
export function afterRepeat(outcome, batch, counts) {
  if (batch.length === outcome.batch.length) return counts;
  const { passed, failed, skipped } = outcome.counts;
  return { passed: passed + failed, failed: 0, skipped, failures: [] };
}
