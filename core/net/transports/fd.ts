import { passed } from "./passed.ts";
import { tcp } from "./tcp.ts";

/** TCP on a socket that systemd has bound. */
export const fd = passed("fd", tcp);
