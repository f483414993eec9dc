/** A token of JSON (RFC 8259), with the blanks before it. */
const tokens = /[\t\n\r ]*([[\]{},:]|"(?:[^"\\]+|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/gy;

/**
 * The offset at which a text stops being JSON, where V8 says only "Unexpected token": there a value was expected. For all other errors V8 gives
 * the position.
 */
export function jsonFault(text: string): number {
  let previous = ":";
  let end = 0;
  for (const [all, token = ""] of text.matchAll(tokens)) {
    const isValue = !/^[,:}\]]/.test(token) || `${previous}${token}` === "[]";
    if (!isValue && ",:[".includes(previous)) return end + all.length - token.length;
    previous = token;
    end += all.length;
  }
  return end + (/^[\t\n\r ]*/.exec(text.slice(end))?.[0].length ?? 0);
}
