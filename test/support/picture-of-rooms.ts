/** The rooms of each layer, lowest first, and what each imports of its own layer. */
export type Rooms = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** The picture of a layer's rooms in docs/architecture.md: an arrow is an import. An arrow that follows from two others is left out. */
export function pictureOfRooms(layer: string, rooms: Rooms[string]): string {
  const named = Object.entries(rooms).filter(([name]) => name !== ".");
  const lines = named.flatMap(([name, allowed]) => {
    const others = allowed.filter((other) => other !== ".");
    const direct = others.filter((other) => !others.some((between) => between !== other && reaches(rooms, between, other)));
    return [`  ${name}`, ...direct.map((other) => `  ${name} --> ${other}`)];
  });
  return ["```mermaid", "flowchart LR", `  %% ${layer}`, ...lines, "```"].join("\n");
}

/** Whether a room imports another, directly or through others. */
export function reaches(rooms: Rooms[string], from: string, to: string, seen = new Set<string>()): boolean {
  return (rooms[from] ?? []).some((next) => {
    if (next === to) return true;
    if (seen.has(next)) return false;
    seen.add(next);
    return reaches(rooms, next, to, seen);
  });
}
