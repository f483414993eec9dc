import { SluiceError } from "../../contract/index.ts";
import { javaStore } from "./java-store.ts";
import { nssStore } from "./nss-store.ts";
import type { Store } from "./store.ts";
import { systemStore } from "./system-store.ts";

const all: readonly Store[] = [systemStore, nssStore, javaStore];

/** The named stores, or all. @throws SLUICE_USAGE */
export function storesOf(names: unknown): readonly Store[] {
  if (names === undefined) return all;
  return (typeof names === "string" ? names : "").split(",").map((name) => {
    const found = all.find((store) => store.name === name);
    if (found !== undefined) return found;
    const known = all.map((store) => store.name).join(", ");
    throw new SluiceError("SLUICE_USAGE", `--stores: expected some of ${known}, got ${JSON.stringify(name)}`);
  });
}
