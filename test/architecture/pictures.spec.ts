import { expect } from "chai";
import { drawnPictures } from "../setup/diagrams/drawn-pictures.ts";
import { documentationPages, filesUnder, readText } from "../support/repository.ts";

const drawn = drawnPictures();

describe("docs/pictures", () => {
  for (const [file, text] of Object.entries(drawn))
    it(`${file} is what its script draws (else: node dist/test/setup/diagrams/main.js)`, () => {
      expect(readText(file)).to.equal(text);
    });

  it("are each shown on a page, in light and dark, with an alternative text", () => {
    const pages = documentationPages().map(readText).join("\n");
    for (const file of filesUnder("docs/pictures", "-light.svg").map((path) => path.slice("docs/".length))) {
      const shown = new RegExp(
        String.raw`<picture><source media="\(prefers-color-scheme: dark\)" srcset="(docs/)?${file.replace("-light", "-dark")}"><img alt="[^"]{20,}" src="(docs/)?${file}"></picture>`,
      );
      expect(pages, file).to.match(shown);
    }
  });
});
