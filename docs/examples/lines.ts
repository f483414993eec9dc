import { definePlugin } from "sluice";
import { concat, concatMap, defer, from, of, type Observable } from "rxjs";

/** Lines longer than this are passed on in pieces. */
const MAX_LINE = 64 * 1024;

/** Makes every chunk one whole line, whatever the network made of them. Its state is the closure of one call: one session, one direction. */
function wholeLines(data: Observable<Buffer>): Observable<Buffer> {
  let rest = Buffer.alloc(0);
  const cut = (chunk: Buffer): Buffer[] => {
    const lines: Buffer[] = [];
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf("\n") + 1; end > 0 || rest.length > MAX_LINE; end = rest.indexOf("\n") + 1) {
      const length = end === 0 ? MAX_LINE : end;
      lines.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    return lines;
  };
  const last = defer(() => (rest.length > 0 ? of(rest) : from([])));
  return concat(data.pipe(concatMap((chunk) => from(cut(chunk)))), last);
}

/** One chunk per line, for the plugins behind it. */
export const lines = definePlugin("lines", () => ({ fromClient: wholeLines, fromUpstream: wholeLines }));
