import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { starterTsconfig } from "../../../../core/cli/init/starter-tsconfig.ts";

describe("starterTsconfig", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "sluice-tsconfig-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const given = (text: string): ReturnType<typeof starterTsconfig> => {
    writeFileSync(join(folder, "tsconfig.json"), text);
    return starterTsconfig(join(folder, "tsconfig.json"));
  };

  it("adds what tsc needs, and keeps what is there with its comments", () => {
    const { text, obstacle } = given('{\n  "compilerOptions": {\n    "strict": true, // as we like it\n  },\n}\n');
    expect(text).to.equal(
      '{\n  "compilerOptions": {\n    "strict": true, // as we like it\n    "target": "es2023",\n    "module": "nodenext",\n    "skipLibCheck": true\n  },\n}\n',
    );
    expect(obstacle).to.equal(undefined);
  });

  it("counts what it extends, and leaves a whole one as it is", () => {
    writeFileSync(join(folder, "base.json"), '{ "compilerOptions": { "target": "es2022", "module": "esnext", "skipLibCheck": false } }');
    expect(given('{ "extends": "./base.json", "compilerOptions": {} }').text).to.match(/\{\n\s+"moduleResolution": "bundler"\n\s*\}/);
    expect(given('{ "compilerOptions": { "target": "es2022", "module": "node16", "skipLibCheck": true } }').text).to.equal(undefined);
  });

  it("tells what a person has to change, and refuses what cannot be read", () => {
    expect(given('{ "compilerOptions": { "module": "commonjs" } }').obstacle).to.equal('"module": "commonjs"');
    expect(() => given('{ "compilerOptions": [ }')).to.throw("tsconfig.json");
  });
});
