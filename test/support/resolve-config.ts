import { resolveConfig as resolve, type ConfigPlace } from "../../core/config/check/resolve-config.ts";
import type { ResolvedConfig } from "../../core/contract/index.ts";
import { transports } from "../../core/net/transports/table.ts";

/** As a proxy does it. */
export const resolveConfig = (input: unknown, place?: ConfigPlace): ResolvedConfig => resolve(input, transports, place);
