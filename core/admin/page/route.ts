import { signal } from "@preact/signals";

/** The address within the page: the parts of `#/listeners/web`. */
export const route = signal<readonly string[]>(parts());

function parts(): readonly string[] {
  return location.hash
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .map((part) => decodeURIComponent(part));
}

export function followAddress(): void {
  addEventListener("hashchange", () => {
    route.value = parts();
  });
  route.value = parts();
}

export const link = (...to: readonly string[]): string => `#/${to.map((part) => encodeURIComponent(part)).join("/")}`;
