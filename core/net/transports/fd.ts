import { passed } from "./passed.ts";
import { tcp } from "./tcp.ts";

/** TCP on a socket of systemd. */
export const fd = passed("fd", tcp);
