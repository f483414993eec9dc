/** The parts of zod's `def` that are read here; the schema may come from another copy of zod. */
interface Definition {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly innerType?: unknown;
  readonly in?: unknown;
  readonly options?: readonly unknown[];
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly catchall?: unknown;
  readonly type?: string;
}

function definitionOf(schema: unknown): Definition | undefined {
  return typeof schema === "object" && schema !== null && "def" in schema ? (schema.def as Definition) : undefined;
}

/** The schema inside optional, default, pipe and union; for a union, all of its members. */
function unwrapped(schema: unknown): Definition[] {
  const definition = definitionOf(schema);
  if (definition === undefined) return [];
  const inner = definition.innerType ?? definition.in;
  if (inner !== undefined) return unwrapped(inner);
  return definition.options === undefined ? [definition] : definition.options.flatMap(unwrapped);
}

function step(level: readonly Definition[], key: PropertyKey): Definition[] {
  // An index leads into arrays alone: a union may have an array of objects beside an object.
  if (typeof key === "number") return level.flatMap((definition) => unwrapped(definition.element ?? definition.valueType));
  return level.flatMap((definition) => unwrapped(definition.shape?.[String(key)] ?? definition.valueType));
}

/** The keys that a zod schema knows at a path, for "did you mean"; undefined where the path leaves the schema's objects and arrays. */
export function knownKeys(schema: unknown, path: readonly PropertyKey[]): string[] | undefined {
  let level = unwrapped(schema);
  for (const key of path) level = step(level, key);
  const shapes = level.map(({ shape }) => shape).filter((shape) => shape !== undefined);
  return shapes.length === 0 ? undefined : [...new Set(shapes.flatMap((shape) => Object.keys(shape)))];
}

/**
 * The paths of an input's keys that the schema does not know. A plugin's schema is strict at its top level only, and zod would silently drop
 * an unknown key further inside.
 */
export function strayKeys(schema: unknown, input: unknown): PropertyKey[][] {
  return strayIn(unwrapped(schema), input, []);
}

function strayIn(level: readonly Definition[], value: unknown, path: readonly PropertyKey[]): PropertyKey[][] {
  // No option is that deep, and a value may contain itself.
  if (level.length === 0 || path.length > 8) return [];
  if (Array.isArray(value)) return value.flatMap((each, index) => strayIn(step(level, index), each, [...path, index]));
  if (!isPlain(value)) return [];
  const objects = level.filter((definition) => definition.shape !== undefined);
  // A record or a loose object among the alternatives takes any key.
  const open = level.some(
    (definition) => definition.valueType !== undefined || definition.type === "any" || definition.type === "unknown" || isLoose(definition),
  );
  return Object.entries(value).flatMap(([key, each]) => {
    if (each === undefined) return [];
    const known = objects.some((definition) => definition.shape !== undefined && Object.hasOwn(definition.shape, key));
    if (!known && !open && objects.length > 0) return [[...path, key]];
    return strayIn(step(level, key), each, [...path, key]);
  });
}

/** Whether an object schema lets other keys pass: true for every catch-all except that of `strict`. */
function isLoose({ catchall }: Definition): boolean {
  return catchall !== undefined && definitionOf(catchall)?.type !== "never";
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
