import { expect } from "chai";
import { addToJson } from "../../../../core/cli/init/add-to-json.ts";

describe("addToJson", () => {
  it("puts keys behind the last one, and keeps comments, layout and trailing commas", () => {
    const text = '{\n\t// why\n\t"a": 1, // one\n\t"b": [1, 2], /* two */\n}\n';
    expect(addToJson(text, [], { c: true })).to.equal('{\n\t// why\n\t"a": 1, // one\n\t"b": [1, 2], /* two */\n\t"c": true\n}\n');
  });

  it("puts a comma in front of a comment at the end", () => {
    expect(addToJson('{\n  "a": { "x": "}" } // last\n}', [], { b: 1, c: 2 })).to.equal(
      '{\n  "a": { "x": "}" }, // last\n  "b": 1,\n  "c": 2\n}',
    );
  });

  it("adds to an object inside, and makes it where it is absent", () => {
    expect(addToJson('{\n  "a": {\n    "b": 1\n  }\n}', ["a"], { c: { d: 2 } })).to.equal(
      '{\n  "a": {\n    "b": 1,\n    "c": {\n      "d": 2\n    }\n  }\n}',
    );
    expect(JSON.parse(addToJson('{"x":1}', ["a", "b"], { c: 2 }))).to.deep.equal({ x: 1, a: { b: { c: 2 } } });
  });

  it("fills an empty object, keeps one line one line, and line ends as they are", () => {
    expect(addToJson("{}\n", [], { a: 1 })).to.equal('{\n  "a": 1\n}\n');
    expect(addToJson('{ "a": 1 }', [], { b: 2 })).to.equal('{ "a": 1, "b": 2 }');
    expect(addToJson('{\r\n  "a": 1\r\n}\r\n', [], { b: { c: 2 } })).to.equal('{\r\n  "a": 1,\r\n  "b": {\r\n    "c": 2\r\n  }\r\n}\r\n');
  });

  it("changes nothing where there is nothing to add, and refuses what is no object", () => {
    expect(addToJson('{ "a": 1 }', [], { a: 2 })).to.equal('{ "a": 1 }');
    expect(addToJson("{ // as it was\n}", ["a"], {})).to.equal("{ // as it was\n}");
    for (const text of ["[]", '{ "a": 1', "{} {}"]) expect(() => addToJson(text, [], { b: 1 }), text).to.throw(SyntaxError);
    expect(() => addToJson('{ "a": 1 }', ["a"], { b: 1 })).to.throw(SyntaxError, "a");
  });
});
