import { reasonOf, SluiceError } from "../../contract/index.ts";
import { authorsLine } from "../values/authors-line.ts";
import { bounded } from "../values/bounded.ts";

/** Milliseconds for a step. */
const LONG_MS = 4_000;

/**
 * Calls a plugin's `setup` or `teardown`, and says which one failed or did not end.
 *
 * @param what names the call, for the message: `its setup()`
 * @throws SLUICE_TEST_TIMEOUT, SLUICE_TEST_FAILED, or what it throws itself if that is a SluiceError
 */
export async function lifeStep(plugin: string, what: string, step: () => unknown): Promise<void> {
  try {
    const going = step();
    if (going instanceof Promise)
      await bounded(going, LONG_MS, () => `the end of ${what} of the plugin "${plugin}": its promise must settle`);
  } catch (error) {
    if (SluiceError.is(error)) throw error;
    const line = error instanceof Error ? authorsLine(error.stack) : "";
    const why = `${plugin}: ${what} failed: ${reasonOf(error)}${line === "" ? "" : ` ${line}`}\n`;
    throw new SluiceError("SLUICE_TEST_FAILED", why, { cause: error });
  }
}
