import { passed } from "./passed.ts";
import { tls } from "./tls.ts";

/** TLS on a socket that systemd has bound. */
export const fdTls = passed("fd+tls", tls);
