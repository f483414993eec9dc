import { signal } from "@preact/signals";

/** The address within the page: the parts of `#/listeners/web`. */
export const route = signal<readonly string[]>(parts());

function parts(): readonly string[] {
  return location.hash
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .map(decoded);
}

/** An address that somebody has typed may have a percent sign of its own. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function followAddress(): void {
  addEventListener("hashchange", () => {
    route.value = parts();
  });
  route.value = parts();
}

export const link = (...to: readonly string[]): string => `#/${to.map((part) => encodeURIComponent(part)).join("/")}`;
