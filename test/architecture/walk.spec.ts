import { expect } from "chai";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { filesUnder, readText, root } from "../support/repository.ts";

const page = readText("docs/walk-of-a-session.md");
const stream = page.slice(0, page.indexOf("## A datagram instead"));
const picture = stream.slice(stream.indexOf("```mermaid"), stream.indexOf("```\n\nInside"));
const below = [...stream.slice(stream.indexOf("Inside a room"), stream.indexOf("## 1.")).matchAll(/`([a-z]+(?:\/[a-z]+)?)`/g)].map(
  ([, room = ""]) => room,
);

/** The rooms of the picture by their short names, and the steps of the page that each belongs to. */
function drawn(): { readonly rooms: Map<string, string>; readonly steps: Map<string, readonly number[]> } {
  const rooms = new Map<string, string>();
  const steps = new Map<string, readonly number[]>();
  let now: readonly number[] = [];
  for (const line of picture.split("\n")) {
    const title = /subgraph \w+\["([^"]+)"\]/.exec(line)?.[1];
    if (title !== undefined) now = [...title.matchAll(/(\d)\./g)].map(([, number]) => Number(number));
    const [, short, room] = /^\s+(\w+)\["([\w/]+): /.exec(line) ?? [];
    if (short === undefined || room === undefined) continue;
    rooms.set(short, room);
    steps.set(room, now);
  }
  return { rooms, steps };
}

/** `a --> b --> c` is two arrows; a dotted one is a value on its way back, or a repetition. */
function arrows(rooms: ReadonlyMap<string, string>): (readonly [string, string])[] {
  return picture
    .split("\n")
    .filter((line) => line.includes("-->"))
    .flatMap((line) => {
      const names = line.replaceAll(/ -- "[^"]*"/g, "").split("-->");
      return names.slice(1).map((to, index) => [names[index]?.trim() ?? "", to.trim()] as const);
    })
    .map(([from, to]) => [rooms.get(from) ?? from, rooms.get(to) ?? to]);
}

const imports = (from: string, to: string): boolean =>
  filesUnder(`core/${from}`, ".ts").some((file) =>
    [...readText(file).matchAll(/ from "(\.[^"]+)"/g)].some(
      ([, path = ""]) => dirname(normalize(join(dirname(file), path))) === `core/${to}`,
    ),
  );

describe("the walk of a session", () => {
  const { rooms, steps } = drawn();

  it("passes fewer than ten rooms, each of which is a folder, and each drawn once", () => {
    expect(steps.size).to.equal(rooms.size);
    expect(steps.size).to.be.greaterThan(5).and.lessThan(10);
    for (const room of steps.keys()) expect(existsSync(join(root, "core", room)), room).to.equal(true);
  });

  it("draws arrows only between two rooms if one imports the other", () => {
    const unknown = arrows(rooms).filter(([from, to]) => !imports(from, to) && !imports(to, from));
    expect(unknown).to.deep.equal([]);
  });

  it("describes each step in the rooms that the picture gives for it, or in a room that was passed before", () => {
    const strangers: string[] = [];
    for (const [, number, text = ""] of stream.matchAll(/^## (\d)\. [^\n]+\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm))
      for (const [, file = ""] of text.matchAll(/\]\(\.\.\/core\/([^)#]+)\)/g)) {
        const room = dirname(file);
        const own = steps.get(room)?.some((step) => step <= Number(number)) === true;
        if (!own && !below.some((name) => room === name || room.startsWith(`${name}/`)) && room !== "net")
          strangers.push(`${String(number)}: ${file}`);
      }
    expect(strangers).to.deep.equal([]);
    expect([...stream.matchAll(/^## \d\./gm)]).to.have.lengthOf(5);
  });
});
