/**
 * How long a trial of an undocumented part of Node may take, in ms. A trial that works ends after a few turns of the event loop, and one that does not
 * work ends as early in nearly all cases. The bound is for one that hangs. It is long, because a machine that is busy when the process starts (several
 * containers at once) can hold up the event loop for seconds, and then a proxy would be without that part for its whole life.
 */
export const TRIAL_PATIENCE_MS = 10_000;
