import { expect } from "chai";
import { filesUnder, readText } from "../support/repository.ts";

/** A function literal assigned to a property: V8 allocates it in the old generation, and with it all that it refers to grows old. */
const oldFunction = /\.#?\w+ (\?\?)?= (async )?(\([^()]*\)(: [\w<>| ]+)?|\w+) =>|\.#?\w+ = (async )?function/;

describe("The path of a session", () => {
  it("assigns no function literal to a property (docs/performance.md explains how to write a hook that costs nothing)", () => {
    const files = ["core/flow", "core/net"].flatMap((folder) => filesUnder(folder, ".ts"));
    expect(files).to.have.lengthOf.above(40);
    const found = files.flatMap((file) =>
      readText(file)
        .split("\n")
        .flatMap((line, index) => (oldFunction.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(found).to.deep.equal([]);
  });
});
