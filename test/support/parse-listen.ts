import { parseListen as parse, type ListenAddress } from "../../core/contract/index.ts";
import { transports } from "../../core/net/transports/table.ts";

/** As a proxy does it. */
export const parseListen = (text: string): ListenAddress => parse(text, transports);
