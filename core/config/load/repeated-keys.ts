import type { Compiled } from "../compile/compiler.ts";
import { placeText } from "../explain/code-frame.ts";
import { originalPlace } from "../explain/syntax-error.ts";

/** How many are told. */
const most = 10;

/** A warning for each key that an object of a module has twice: what the first one says is lost, for example a whole listener. */
export function repeatedKeys(modules: Iterable<Compiled>): string[] {
  const all = [...modules].flatMap((module) => module.record.repeated.map((each) => ({ module, ...each })));
  return all.slice(0, most).map(({ module, key, at }) => {
    const place = originalPlace(module.map, at);
    const where = place === undefined ? module.file : placeText({ file: module.file, ...place });
    return `${where}: the object has the key ${JSON.stringify(key)} already: only the last one counts`;
  });
}
