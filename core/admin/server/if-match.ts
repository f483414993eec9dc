import { SluiceError } from "../../contract/index.ts";
import type { GenerationCheck } from "../../runtime/proxy/steering.ts";

/**
 * The check that a request's If-Match asks for (RFC 9110 section 13.1.1): the generation must still be the one whose ETag the client has seen.
 * @returns undefined if the request has no If-Match
 */
export function generationCheck(header: string | undefined): GenerationCheck | undefined {
  if (header === undefined) return undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  return (generation) => {
    // A weak ETag never matches here.
    if (tags.includes("*") || tags.includes(`"g${generation}"`)) return;
    throw new SluiceError("SLUICE_ADMIN_STALE", `this is generation ${generation}, and If-Match is ${header}`);
  };
}
