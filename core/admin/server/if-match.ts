import { SluiceError } from "../../contract/index.ts";
import type { GenerationCheck } from "../../runtime/proxy/steering.ts";

/**
 * What a request's If-Match asks for (RFC 9110 section 13.1.1): that the generation is still the one whose ETag it has seen.
 * @returns undefined when it asks for nothing
 */
export function generationCheck(header: string | undefined): GenerationCheck | undefined {
  if (header === undefined) return undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  return (generation) => {
    // A weak one never matches here.
    if (tags.includes("*") || tags.includes(`"g${generation}"`)) return;
    throw new SluiceError("SLUICE_ADMIN_STALE", `this is generation ${generation}, and If-Match is ${header}`);
  };
}
