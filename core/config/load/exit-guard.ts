import { SluiceError } from "../../contract/index.ts";
import { placeText } from "../explain/code-frame.ts";
import { callingPlace } from "../explain/stack-place.ts";

type IsLocal = (file: string) => boolean;

const guards = new Set<IsLocal>();
let original: ((this: void, code?: number | string | null) => never) | undefined;

const guarded = (code?: number | string | null): never => {
  for (const isLocal of guards) {
    const place = callingPlace(isLocal);
    if (place === undefined) continue;
    throw new SluiceError("SLUICE_CONFIG_THREW", "called process.exit(): a config must not end the proxy", { where: placeText(place) });
  }
  // Other code may end the process while a config is loading, for example at a second SIGINT.
  // oxlint-disable-next-line typescript/unbound-method -- called as a method, by apply
  return Reflect.apply(original ?? process.exit, process, [code]);
};

/** While `body` loads a config or makes it live, `process.exit()` called by the files of a config throws SLUICE_CONFIG_THREW instead of ending the process. */
export async function withoutExit<T>(isLocal: IsLocal, body: () => Promise<T>): Promise<T> {
  if (original === undefined) {
    // oxlint-disable-next-line typescript/unbound-method -- restored as it was, and called through `process` otherwise
    original = process.exit;
    process.exit = guarded;
  }
  guards.add(isLocal);
  try {
    return await body();
  } finally {
    guards.delete(isLocal);
    if (guards.size === 0) {
      process.exit = original;
      original = undefined;
    }
  }
}
