import { expect } from "chai";
import { readRegular } from "../../../../core/config/files/regular-file.ts";
import { hasProcessTable, openDescriptors } from "../../../support/process-table.ts";
import { configFolder } from "../config-folder.ts";

describe("readRegular", () => {
  const files = configFolder();

  it("returns the text without its byte order mark", () => {
    const file = files.write({ "a.ts": "\uFEFFconst é = 1;" });
    expect(readRegular(file).text).to.equal("const é = 1;");
  });

  it("leaves no file open, also one that it refuses", function () {
    if (!hasProcessTable) this.skip();
    const file = files.write({ "a.ts": "1" });
    const before = openDescriptors();
    for (let times = 0; times < 8; times += 1) readRegular(file);
    expect(() => readRegular(files.path("."))).to.throw("it is a folder, and no file");
    expect(openDescriptors()).to.equal(before);
  });
});
