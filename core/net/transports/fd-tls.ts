import { passed } from "./passed.ts";
import { tls } from "./tls.ts";

/** TLS on a socket of systemd. */
export const fdTls = passed("fd+tls", tls);
